/*
 * Requests: those that ended last (from the frames, newest first), the
 * slowest, those in flight, those that failed; and the logs.
 */

import { $, attr, poll, put, show } from './dom.js';
import { bytes, clockMs, count, moment, seconds, utc } from './format.js';
import { chip, chipSet, Table, tabs } from './table.js';
import { get } from './api.js';
import { parseFilter } from './filter.js';
import { part } from './part.js';

const KEPT = 1000, SHOWN = 50, POLL_S = 1;
const MISSED = 100;		/* asked for when there are too many */
const SLOW_MIN_S = 300, SLOW_MAX_S = 3600;

let store, current = '', poller, filter = parseFilter(''), changed, logs;
const tables = {};
const wantRequest = part(() => import('./parts/request.js'));
const wantLogs = part(() => import('./parts/logs.js'));
let recent = [];		/* newest first, at most KEPT */
let missed = false;		/* frames did not have all of them */
let filled = null;		/* those that the table was filled with */
const latest = {};		/* the last answer of each kind */

/* ---- a request, from a frame and from the API ---- */

function fromFrame([ms, client, method, path, status, time, size, cache,
	worker, id, server]) {
	return { ms, client, method, path, status, seconds: time, bytes: size,
		cache, worker, id, server };
}

function fromApi(one) {
	return { ms: moment(one), client: one.client_ip, method: one.method,
		path: one.path, status: one.aborted ? 499 : one.status,
		seconds: one.response_time, bytes: one.bytes_sent,
		cache: one.cache, worker: one.worker, id: one.request_id,
		server: one.server, protocol: one.protocol,
		stages: one.stages, upstream: one.upstream &&
			`${one.upstream}, ${seconds(one.upstream_time)}` };
}

function fromFlight(one) {
	return { client: one.client_ip, method: one.method, path: one.path,
		state: one.state, seconds: one.age, bytes: one.bytes_sent,
		worker: one.worker, server: one.server, id: one.request_id,
		status: -1, ms: Date.now() - one.age * 1000 };
}

/* ---- columns ---- */

const text = (key, label, title) => ({ key, label, title,
	value: r => r[key] ?? '', text: r => r[key] || '–' });
const number = (key, label, form, title) => ({ key, label, title,
	number: true, value: r => r[key], text: r => form(r[key]) });
const time = { key: 'ms', label: 'Time', value: r => r.ms,
	fill: (cell, r) => {
		put(cell, clockMs(r.ms));
		cell.title = utc(r.ms);
	} };
const client = { key: 'client', label: 'Client', value: r => r.client,
	fill: (cell, r) => {
		put(cell, r.client);
		cell.title = r.client;
	} };
const path = { key: 'path', label: 'Path', value: r => r.path,
	fill: (cell, r) => {
		put(cell, r.path);
		cell.title = r.path;
	} };
const code = { key: 'status', label: 'Status', value: r => r.status,
	init: cell => cell.append(chip(200)),
	fill: (cell, r) => chipSet(cell.firstChild, r.status) };
const worker = { key: 'worker', label: 'Worker', value: r => r.worker,
	text: r => `w${r.worker}` };
const ended = [time, code, text('method', 'Method'), path,
	number('seconds', 'Took', seconds), client,
	text('cache', 'Cache'), worker, number('bytes', 'Sent', bytes)];
const flying = [number('seconds', 'Age', seconds), text('state', 'State'),
	text('method', 'Method'), path, client,
	number('bytes', 'Sent', bytes), worker, text('server', 'Server')];

/* ---- each kind ---- */

function mountTable(kind, caption, columns, empty) {
	tables[kind] = new Table($(`panel-${kind}`), { caption, columns,
		empty: () => filter.terms.length
			? 'None of those that are kept is like this.' : empty,
		rows: SHOWN, className: 'stack',
		open: columns === flying ? undefined
			: r => wantRequest(it => it.show(r, kind, fromApi)),
		sorted: again });
}

/** Fill the table with those that ended last. */
export function showRecent() {
	if (recent === filled || current !== 'recent' || store.paused)
		return;
	filled = recent;
	const matching = filter.terms.length ? recent.filter(filter.matches)
		: recent;
	const shown = tables.recent.update(matching);

	say(shown, matching.length, ' kept');
}

function say(shown, matched, more = '') {
	put($('requests').querySelector('.shown'),
		`showing ${count(shown)} of ${count(matched)}${more}`);
}

function slowWindow() {
	return Math.min(SLOW_MAX_S, Math.max(SLOW_MIN_S, store.range.seconds));
}

function queryOf(kind, n, of = filter.query) {
	const query = new URLSearchParams(of);

	query.set('kind', kind);
	query.set('n', n);
	if (kind === 'slowest' && !query.has('since'))
		query.set('since', slowWindow());
	return query;
}

function showAnswer(kind) {
	const { items, matched } = latest[kind];
	const shown = tables[kind].update(items);

	say(shown, matched, kind === 'slowest'
		? `, last ${slowWindow() / 60} min` : '');
}

async function refreshLogs(module) {
	logs ??= module.mount($('panel-logs'), poller.kick);
	put($('requests').querySelector('.shown'),
		await logs($('filter').value.trim()));
}

/* Ask the server, but for what the frames bring: all that is recent. */
async function refresh() {
	const kind = current;

	if (kind === 'logs') {
		if (!store.paused)
			await wantLogs(refreshLogs);
		return;
	}
	if (store.paused)
		return;
	if (kind === 'recent' && !filter.terms.length) {
		showRecent();
		/* what comes of it is shown with the next frame */
		if (missed)
			await seedRecent(tables.recent.natural ? MISSED : KEPT);
		return;
	}
	const asked = filter;
	const { requests, matched } = await get(`/api/v1/requests?` +
		queryOf(kind, tables[kind].natural ? SHOWN : KEPT));

	if (asked !== filter || kind !== current)
		return;
	const items = requests.map(kind === 'inflight' ? fromFlight : fromApi)
		.filter(kind === 'inflight' ? () => true : filter.matches);

	latest[kind] = { items, matched: items.length < requests.length
		? items.length : matched };
	showAnswer(kind);
}

/* What is known is shown at once, the rest when it comes. */
function again() {
	if (current === 'recent' && !filter.terms.length)
		showRecent();
	else if (latest[current])
		showAnswer(current);
	poller.kick();
}

/* ---- the filter ---- */

function applyFilter() {
	const value = $('filter').value;

	filter = current === 'logs' ? parseFilter('') : parseFilter(value);
	for (const kind of Object.keys(latest))
		delete latest[kind];
	filled = null;
	put($('filter-error'), filter.error);
	attr($('filter'), 'aria-invalid', filter.error !== '');
	link();
	again();
	if (current === 'recent' && filter.terms.length)
		showRecent();
}

function link() {
	const query = queryOf(current, KEPT);

	query.set('format', 'csv');
	attr($('csv'), 'href', `/api/v1/requests?${query}`);
	attr($('csv'), 'download', `${current}.csv`);
	show($('csv'), current !== 'logs');
	show($('log-tools'), current === 'logs');
	$('filter').placeholder = current === 'logs' ? 'text in the line'
		: 'status:5xx path:/api';
}

/** Set the filter, as if it was typed. */
export function setFilter(value) {
	if ($('filter').value === value)
		return;
	$('filter').value = value;
	applyFilter();
	changed('filter', value);
}

/** Those that frames did not have: of before the page, of a gap, of too many
 * in a second. */
export async function seedRecent(n = KEPT) {
	const key = r => `${r.worker} ${r.id}`;

	missed = false;
	const { requests } = await get(`/api/v1/requests?${queryOf('recent',
		n, new URLSearchParams())}`);
	const known = new Set(recent.map(key));
	const fresh = requests.map(fromApi).filter(r => !known.has(key(r)));

	if (fresh.length)
		recent = recent.concat(fresh).sort((a, b) => b.ms - a.ms)
			.slice(0, KEPT);
}

function take(frame) {
	missed ||= store.value('requests') > (frame.r?.length ?? 0);
	if (frame.r?.length)
		recent = frame.r.map(fromFrame).concat(recent).slice(0, KEPT);
	if (current === 'recent' && !store.paused && !filter.terms.length &&
		poller.seen())
		showRecent();
}

/**
 * Make the tables. on(name, value) is called when 'tab' or 'filter' change.
 * Returns how to choose a tab.
 */
export function mountRequests(from, on) {
	store = from;
	changed = on;
	mountTable('recent', 'Requests that ended last', ended,
		'No request yet.');
	mountTable('slowest', 'Slowest requests', ended, 'No request yet.');
	mountTable('inflight', 'Requests in flight', flying,
		'No request is in flight.');
	mountTable('errors', 'Requests that failed', ended, 'No errors.');
	poller = poll($('requests'), POLL_S, refresh);
	$('filter').addEventListener('input', () => {
		applyFilter();
		on('filter', $('filter').value);
	});
	store.on('frame', take);
	store.on('pause', again);
	store.on('range', link);
	return tabs($('requests'), name => {
		current = name;
		applyFilter();
		on('tab', name);
	});
}
