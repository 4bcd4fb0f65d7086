/*
 * The filter of requests: status:5xx path:/api client:127. method:GET
 * worker:1 min:10ms max:1s from:UNIX_S to:UNIX_S; a bare word is a path.
 */

import { statusClass } from './format.js';

const SINCE_MAX_S = 3600;
const units = { us: 1e-6, 'µs': 1e-6, ms: 1e-3, s: 1, '': 1 };

function duration(text) {
	const [, number, unit] =
		/^([0-9]*\.?[0-9]+)(us|µs|ms|s|)$/.exec(text) ?? [];

	return number === undefined ? null : Number(number) * units[unit];
}

function number(text) {
	return /^[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : null;
}

/* What a term's value becomes; null is none. */
const terms = {
	status: text => /^([1-5]xx|[0-9]{3}|aborted)$/i.test(text)
		? text.toLowerCase() : null,
	method: text => /^[A-Za-z-]+$/.test(text) ? text.toUpperCase() : null,
	path: text => text,
	client: text => text,
	worker: text => /^[0-9]+$/.test(text) ? Number(text) : null,
	min: duration,
	max: duration,
	from: number,
	to: number,
};

/* Does a request match a term? */
const tests = {
	status: (r, v) => v === 'aborted' ? statusClass(r.status) === 0
		: v.endsWith('xx') ? statusClass(r.status) === Number(v[0])
		: r.status === Number(v),
	method: (r, v) => r.method === v,
	path: (r, v) => r.path.includes(v),
	client: (r, v) => r.client.includes(v),
	worker: (r, v) => r.worker === v,
	min: (r, v) => r.seconds >= v,
	max: (r, v) => r.seconds <= v,
	from: (r, v) => r.ms >= v * 1000,
	to: (r, v) => r.ms <= v * 1000,
};

/* Seconds before `to`, or before now, as the API has it. */
function since(from, to = Date.now() / 1000) {
	return Math.min(SINCE_MAX_S, Math.max(1, Math.ceil(to) -
		Math.floor(from)));
}

/**
 * Read a filter. Returns { terms: [[name, value]...], error: '' or what is
 * wrong, matches(request), query: what the API takes of it, as
 * URLSearchParams }.
 */
export function parseFilter(text) {
	const found = new Map();
	let error = '';

	for (const word of text.split(/\s+/).filter(Boolean)) {
		const [, name, rest] = /^([a-z]+):(.*)$/.exec(word) ??
			[null, 'path', word];
		const known = Object.hasOwn(terms, name);
		const value = known && rest !== '' ? terms[name](rest) : null;

		if (value !== null)
			found.set(name, value);
		else
			error ||= !known ? `There is no filter "${name}:".`
				: `"${word}" is not complete.`;
	}
	const list = [...found];
	const query = new URLSearchParams();

	for (const [name, value] of list)
		if (name === 'min' || name === 'max')
			query.set(name, value.toFixed(9));
		else if (name === 'to')
			query.set('until', Math.ceil(value));
		else if (name !== 'from')
			query.set(name, value === 'aborted' ? '499' : value);
	if (found.has('from'))
		query.set('since', since(found.get('from'), found.get('to')));
	return { terms: list, error, query,
		matches: r => list.every(([name, v]) => tests[name](r, v)) };
}
