/*
 * Numbers and times as the page shows them: three significant digits, SI
 * units for time and binary ones for bytes, an en dash for what is unknown.
 * Functions that end in "Parts" give [number, unit, the unit in words].
 */

export const NONE = '–';

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

function known(n) {
	return typeof n === 'number' && Number.isFinite(n);
}

function digits(n) {
	return n.toFixed(n < 9.995 ? 2 : n < 99.95 ? 1 : 0);
}

/** A count: 1,523; from ten millions on 12.3 M. */
export function count(n) {
	if (!known(n))
		return NONE;
	if (n < 1e7)
		return grouped.format(n);
	return n < 9.995e8 ? `${digits(n / 1e6)} M` : n < 9.995e11
		? `${digits(n / 1e9)} G` : `${digits(n / 1e12)} T`;
}

/** A count where room is short: 99,999, then 100 k and 1.52 M. */
export function brief(n, most = 1e5) {
	return known(n) && n >= most - 0.5 && n < 1e7 ? n < 999500
		? `${digits(n / 1e3)} k` : `${digits(n / 1e6)} M` : count(n);
}

/** A number a second (or minute): 0, 0.3, 812, 1,523. */
export function rate(n) {
	if (!known(n))
		return NONE;
	return n > 0 && n < 9.95 ? n.toFixed(1) : count(Math.round(n));
}

export function secondsParts(s) {
	if (!known(s) || s < 0)
		return [NONE, '', ''];
	if (s === 0)
		return ['0', 'ms', 'milliseconds'];
	if (s < 0.9995e-3)
		return [digits(s * 1e6), 'µs', 'microseconds'];
	if (s < 0.9995)
		return [digits(s * 1e3), 'ms', 'milliseconds'];
	return s < 120 ? [digits(s), 's', 'seconds']
		: [grouped.format(s), 's', 'seconds'];
}

/** A duration of a request: 23.4 ms. */
export function seconds(s) {
	const [number, unit] = secondsParts(s);

	return unit ? `${number} ${unit}` : number;
}

/** Bytes: 706 B, 4.63 KiB. */
export function bytes(n) {
	if (!known(n))
		return NONE;
	if (n < 1024)
		return `${Math.round(n)} B`;
	for (const unit of ['KiB', 'MiB', 'GiB', 'TiB']) {
		n /= 1024;
		if (n < 1023.5)
			return `${digits(n)} ${unit}`;
	}
	return `${digits(n / 1024)} PiB`;
}

/** A ratio as percent: 98.4 %, and no 100 % that is none. */
export function percent(ratio) {
	if (!known(ratio))
		return NONE;
	const p = ratio * 100;

	if (p > 99.9 && p < 100)
		return '99.9 %';
	return p > 0 && p < 0.1 ? '<0.1 %' : p === 0 || p === 100
		? `${p} %` : `${p.toFixed(1)} %`;
}

/** How long since: 4 h 10 m, 12 s. */
export function span(s) {
	if (!known(s))
		return NONE;
	s = Math.max(0, Math.round(s));
	const d = Math.floor(s / 86400), h = Math.floor(s / 3600) % 24;
	const m = Math.floor(s / 60) % 60;

	if (d)
		return `${d} d ${h} h`;
	if (h)
		return `${h} h ${m} m`;
	return m ? `${m} m` : `${s} s`;
}

const two = n => String(n).padStart(2, '0');

/** Time of day, local: 12:07:31, with the date if it is not today's. */
export function clock(ms) {
	if (!known(ms) || ms <= 0)
		return NONE;
	const t = new Date(ms);
	const time = `${two(t.getHours())}:${two(t.getMinutes())}:` +
		two(t.getSeconds());

	return t.toDateString() === new Date().toDateString() ? time
		: `${t.getFullYear()}-${two(t.getMonth() + 1)}-` +
		`${two(t.getDate())} ${time}`;
}

/** The same with milliseconds. */
export function clockMs(ms) {
	const rest = String(Math.floor(ms) % 1000).padStart(3, '0');

	return known(ms) && ms > 0 ? `${clock(ms)}.${rest}` : NONE;
}

/** The moment in UTC, for titles. */
export function utc(ms) {
	return known(ms) && ms > 0 && ms < 8.64e15
		? new Date(ms).toISOString() : '';
}

/** The moment of an object of the API, in Unix milliseconds. */
export function moment(o) {
	return o.time_unix_ms ?? (o.time_unix_ns ? o.time_unix_ns / 1e6
		: Date.parse(o.time));
}

const words = { 100: 'Continue', 101: 'Switching', 200: 'OK', 201: 'Created',
	202: 'Accepted', 204: 'No Content', 206: 'Partial', 301: 'Moved',
	302: 'Found', 303: 'See Other', 304: 'Not Modified', 307: 'Redirect',
	308: 'Redirect', 400: 'Bad Request', 401: 'Unauthorized',
	403: 'Forbidden', 404: 'Not Found', 405: 'Not Allowed',
	408: 'Timeout', 409: 'Conflict', 411: 'Length Required',
	412: 'Precondition', 413: 'Too Large', 414: 'URI Too Long',
	416: 'Range', 421: 'Misdirected', 426: 'Upgrade', 429: 'Too Many',
	431: 'Header Too Large', 499: 'aborted', 500: 'Internal Error',
	501: 'Not Implemented', 502: 'Bad Gateway', 503: 'Unavailable',
	504: 'Gateway Timeout', 505: 'Version', 507: 'No Space' };
const shapes = ['✕', '○', '●', '◆', '▲', '■'];
const kinds = ['aborted', 'Informational', 'Success', 'Redirect',
	'Client Error', 'Server Error'];

/** Class of a status: 1 to 5, 0 for aborted (0 or 499). */
export function statusClass(code) {
	const c = Math.floor(code / 100);

	return code === 499 || c < 1 || c > 5 ? 0 : c;
}

/** A status never by colour alone: [class, shape, "404 Not Found"]. */
export function status(code) {
	const c = statusClass(code);

	return [c, shapes[c], c === 0 ? 'aborted'
		: `${code} ${words[code] ?? kinds[c]}`];
}
