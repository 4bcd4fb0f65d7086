/*
 * The logs as the server keeps them, redacted by it: followed by their ids,
 * with a level and a text. And the switch of what the server logs.
 */

import { $, announce, attr, clockMs, get, make, moment, post, put, setNote,
	show, utc } from '../app.js';

const KEPT = 1000, ASKED = 512, SHOWN = 200;
const shapes = { emerg: '■', alert: '■', crit: '■', error: '■', warn: '▲',
	notice: '◆', info: '●', debug: '○' };
const colors = { warn: 'c4', notice: 'c3', info: 'c2', debug: 'c0' };

let list, scroll, empty;
let lines = [], lastId = 0, matched = 0, text = '', version = 0;

function row(line) {
	const ms = moment(line);

	return make('li', {},
		make('time', { dateTime: utc(ms), title: utc(ms),
			textContent: clockMs(ms) }),
		make('span', { className:
			`chip ${colors[line.level] ?? 'c5'}` },
		make('i', { 'aria-hidden': 'true',
			textContent: shapes[line.level] ?? '●' }),
		make('span', { textContent: line.level })),
		make('span', { className: 'pid', title: 'process',
			textContent: String(line.pid) }),
		make('span', { textContent: line.message }));
}

const following = () => $('log-follow').getAttribute('aria-pressed') === 'true';

function append(fresh) {
	lines.push(...fresh);
	if (lines.length > KEPT)
		lines.splice(0, lines.length - KEPT);
	for (const line of fresh.slice(-SHOWN))
		list.append(row(line));
	while (list.childElementCount > SHOWN)
		list.firstChild.remove();
	show(empty, !lines.length);
	put(empty, 'No lines.');
	if (following() && fresh.length)
		scroll.scrollTop = scroll.scrollHeight;
}

/* Ask for what is new. Returns what is shown, in words. */
async function refresh(filter) {
	if (filter !== text) {
		text = filter;
		restart();
	}
	const mine = version;
	const query = new URLSearchParams({ n: ASKED });

	if (text)
		query.set('text', text);
	if ($('log-level').value)
		query.set('level', $('log-level').value);
	if (lastId)
		query.set('since_id', lastId);
	const answer = await get(`/api/v1/logs?${query}`);

	if (mine !== version)
		return refresh(filter);
	matched = lastId ? matched + answer.matched : answer.matched;
	lastId = answer.last_id;
	append(answer.lines);
	return `showing ${Math.min(SHOWN, lines.length)} of ${matched}`;
}

function restart() {
	version++;
	lastId = matched = 0;
	lines = [];
	list.replaceChildren();
}

function plain() {
	return lines.map(line => `${utc(moment(line))} [${line.level}] ` +
		`${line.pid}: ${line.message}\n`).join('');
}

async function copy() {
	try {
		await navigator.clipboard.writeText(plain());
		announce(`${lines.length} lines were copied.`);
	} catch {
		setNote('The browser does not let this page copy.');
	}
}

function save() {
	const link = make('a', { download: 'ringmaster-log.txt',
		href: URL.createObjectURL(new Blob([plain()],
			{ type: 'text/plain' })) });

	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function setFollow(on) {
	attr($('log-follow'), 'aria-pressed', on);
	if (on)
		scroll.scrollTop = scroll.scrollHeight;
}

/* ---- what the server logs ---- */

async function readLevel(select) {
	const { value } = select;
	const { logs } = await get('/api/v1/snapshot?n=0');

	if (select.value === value)	/* else it was just chosen */
		select.value = logs.level || 'configured';
}

async function setLevel(select) {
	const level = select.value;

	try {
		await post('/api/v1/logs/level', { level });
		announce(`The server logs at level ${level}.`);
	} catch (error) {
		setNote(`The level was not set. ${error.message}`);
		await readLevel(select).catch(() => {});
	}
}

/* Others may have changed it since, and a reload has: so look again. */
function mountLevel(panel) {
	const select = make('select', {}, ...['configured',
		...Object.keys(shapes)].map(level =>
		make('option', { textContent: level })));
	const look = () => readLevel(select).catch(() => {});

	select.addEventListener('focus', look);
	select.addEventListener('change', () => setLevel(select));
	panel.append(make('div', { className: 'bar' },
		make('p', { className: 'tools' },
			make('label', {}, 'The server logs at level ',
				select))));
	look();
}

/**
 * Make the list; again() is called when the level changes. Returns what
 * brings it up to date: refresh(text that the lines have).
 */
export function mount(panel, again) {
	list = make('ol', { className: 'log' });
	empty = make('p', { className: 'empty', textContent: 'loading …' });
	scroll = make('div', { className: 'scroll log-scroll', role: 'region',
		tabIndex: 0, 'aria-label': 'Log' }, list, empty);
	panel.append(scroll);
	mountLevel(panel);
	$('log-follow').addEventListener('click',
		() => setFollow(!following()));
	$('log-copy').addEventListener('click', copy);
	$('log-save').addEventListener('click', save);
	$('log-level').addEventListener('change', () => {
		restart();
		again();
	});
	/* who scrolls up wants to read */
	scroll.addEventListener('wheel', event => {
		if (event.deltaY < 0)
			setFollow(false);
	}, { passive: true });
	return refresh;
}
