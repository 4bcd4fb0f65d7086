/*
 * Who: servers and locations, workers, caches, limits. The frames have the
 * workers; the rest is of the snapshot, asked for only while it is seen. What
 * shows upstream servers and zones of limits is loaded when there are any.
 */

import { $, announce, confirmed, make, poll, put, show } from './dom.js';
import { bytes, count, NONE, percent, rate, seconds } from './format.js';
import { cardsSnapshot } from './cards.js';
import { get, post } from './api.js';
import { limitItems, mountLimits } from './limits.js';
import { setNote } from './status.js';
import { column, meter, meterFill, sum, Table, tabs } from './table.js';

const SNAPSHOT_S = 2;
const RATE_MIN_MS = 500, RATE_MAX_MS = 10000;	/* between snapshots */
const classes = [['c2xx', '2xx', 'c2'], ['c3xx', '3xx', 'c3'],
	['c4xx', '4xx', 'c4'], ['c5xx', '5xx', 'c5'],
	['aborted', '✕', 'c0']];

let store, balance, current = '', poller, note = '';
let snapshot = null, before = null, more = null, wanted = null;
const tables = {};

/* ---- cells ---- */

function shares(cell) {
	cell.append(make('div', { className: 'shares', 'aria-hidden': 'true' },
		...classes.map(([, , name]) =>
			make('span', { className: name }))));
}

function sharesFill(cell, item) {
	classes.forEach(([key], i) => cell.firstChild.children[i].style
		.setProperty('flex-grow', item.classes[key]));
}

const sharesColumn = { key: 'shares', label: 'Responses', init: shares,
	title: 'share of each class, since start',
	value: item => item.classes.c5xx / (item.requests || 1),
	fill: sharesFill };

/* ---- servers and locations ---- */

function serverItems() {
	const passed = before
		? (snapshot.taken_unix_ms - before.taken_unix_ms) / 1000 : NaN;
	const item = (one, name, old, depth) => {
		const requests = sum(Object.values(one.classes));
		const speed = (now, then) => old && passed > 0 && now >= then
			? (now - then) / passed : NaN;

		return { name, depth, classes: one.classes, requests,
			rate: speed(requests, old &&
				sum(Object.values(old.classes))),
			sending: speed(one.bytes_out, old?.bytes_out),
			p50: one.duration.count ? one.duration.p50 : NaN,
			p99: one.duration.count ? one.duration.p99 : NaN,
			sent: one.bytes_out };
	};

	return snapshot.servers.map((server, i) => {
		const old = before?.servers[i]?.name === server.name
			? before.servers[i] : null;

		return { ...item(server, server.name, old, 0),
			locations: server.locations.map((one, j) => {
				const was = old?.locations[j];

				return item(one, one.pattern,
					was?.pattern === one.pattern
						? was : null, 1);
			}) };
	});
}

function mountServers() {
	tables.servers = new Table($('panel-servers'), {
		caption: 'Servers and their locations', rows: 200,
		empty: () => 'No server.',
		children: item => item.locations ?? [],
		name: item => item.depth ? 'inner' : 'outer',
		columns: [
			{ key: 'name', label: 'Server, location',
				value: item => item.name,
				text: item => item.name },
			column('rate', 'Req/s', item => item.rate, rate,
				'requests a second, of the last two seconds'),
			column('requests', 'Requests', item => item.requests,
				count, 'since start'),
			sharesColumn,
			...classes.map(([key, label]) => column(key, label,
				item => item.classes[key], count,
				key === 'aborted' ? 'aborted' : undefined)),
			column('p50', 'p50', item => item.p50, seconds,
				'half took at most this long, since start'),
			column('p99', 'p99', item => item.p99, seconds,
				'99 % took at most this long, since start'),
			column('sending', 'Sending', item => item.sending,
				n => Number.isFinite(n) ? `${bytes(n)}/s`
					: NONE),
			column('sent', 'Sent', item => item.sent, bytes),
		] });
}

/* ---- workers ---- */

function workerItem(w) {
	const [index, pid, state, connections, perSecond, p99, lag, inflight,
		busy, queued, cpu, rss, stalls] = w;

	return { index, pid, state, connections, perSecond, p99, lag,
		inflight, busy, queued, cpu, rss, stalls };
}

function mountWorkers(open) {
	const plain = (key, label, text, title) =>
		column(key, label, item => item[key], text, title);

	tables.workers = new Table($('panel-workers'), {
		caption: 'Workers', rows: 16, empty: () => 'No worker runs.', open,
		columns: [
			{ key: 'index', label: 'Worker', number: false,
				value: item => item.index,
				text: item => `w${item.index}` },
			{ key: 'state', label: 'State',
				value: item => item.state,
				text: item => item.state },
			{ key: 'pid', label: 'Process', number: true,
				value: item => item.pid,
				text: item => String(item.pid || NONE) },
			plain('connections', 'Clients', count),
			{ key: 'perSecond', label: 'Req/s', number: true,
				value: item => item.perSecond, init: meter,
				fill: (cell, item) => meterFill(cell,
					item.share, rate(item.perSecond),
					true) },
			plain('p99', 'p99', seconds, 'of its requests'),
			plain('lag', 'Loop lag', seconds,
				'p99 of the time between two waits for events'),
			plain('inflight', 'In ring', count,
				'operations submitted and not completed'),
			{ key: 'pool', label: 'Pool', number: true,
				title: 'threads busy + tasks queued',
				value: item => item.busy + item.queued,
				text: item => `${count(item.busy)} + ` +
					count(item.queued) },
			plain('cpu', 'CPU', percent, 'of one processor'),
			plain('rss', 'Memory', bytes),
			plain('stalls', 'Stalls', count,
				'turns of its loop longer than 10 ms'),
		] });
}

/* Jain's index over what each did in the last minute. */
function evenness(workers) {
	const done = workers.map(worker =>
		sum([...store.workerRecent(worker.index)]
			.filter(n => !Number.isNaN(n))));

	return balance(done);
}

function showWorkers() {
	const all = (store.last.w ?? []).map(workerItem);
	const most = Math.max(1, ...all.map(worker => worker.perSecond ?? 0));
	const even = evenness(all);

	for (const worker of all)
		worker.share = (worker.perSecond ?? 0) / most;
	const shown = tables.workers.update(all);

	return `balance ${Number.isFinite(even) ? even.toFixed(2) : NONE}` +
		` · showing ${shown} of ${store.last.w_all ?? all.length}`;
}

/* ---- caches ---- */

function mountCache() {
	tables.cache = new Table($('panel-cache'), {
		caption: 'Caches', empty: () => 'No cache.',
		columns: [
			{ key: 'name', label: 'Cache', value: item => item.name,
				text: item => item.name },
			{ key: 'enabled', label: 'State',
				value: item => String(item.enabled),
				text: item => item.enabled ? 'on' : 'off' },
			column('ratio', 'Hits of lookups', item =>
				item.hits / (item.hits + item.misses), percent,
				'since start'),
			column('hits', 'Hits', item => item.hits, count),
			column('misses', 'Misses', item => item.misses, count),
			column('bypassed', 'Bypassed', item => item.bypassed,
				count, 'switched off, or cannot be cached'),
			column('entries', 'Entries', item => item.entries,
				count),
			column('size', 'Size', item => item.size_bytes, bytes),
			{ key: 'full', label: 'How full', number: true,
				value: item => item.size_bytes /
					item.max_size_bytes,
				init: meter, fill: (cell, item) =>
					meterFill(cell, item.size_bytes /
						item.max_size_bytes,
					item.max_size_bytes ? undefined
						: 'no limit') },
			column('space', 'Evicted', item =>
				item.evicted_for_space, count,
			'dropped to make room'),
			column('changed', 'Changed', item =>
				item.evicted_as_changed, count,
			'dropped because the file changed'),
		] });
	$('cache-flush').addEventListener('click', flush);
}

async function flush() {
	const entries = sum((snapshot?.caches ?? []).map(one => one.entries));

	if (!await confirmed('Flush the cache?', `${count(entries)} entries ` +
		'are dropped and read again from disk when they are asked ' +
		'for.', 'Flush'))
		return;
	try {
		await post('/api/v1/cache/flush');
		announce('The cache was flushed.');
		poller.kick();
	} catch (error) {
		setNote(`The cache was not flushed. ${error.message}`);
	}
}

/* ---- upstream servers, zones ---- */

function showMore() {
	const { upstreams, limits } = snapshot;

	show($('tab-upstreams'), upstreams.length > 0);
	if (upstreams.length || limits.length)
		wanted ??= import('./upstreams.js').then(module => {
			more = module.mountUpstreams({ bytes, classes, column,
				count, rate, seconds, shares: sharesColumn,
				sum, Table, panels: {
					upstreams: $('panel-upstreams'),
					limits: $('panel-limits') } });
			showCurrent();
		}).catch(() => wanted = null);
	if (limits.length && current === 'limits')
		more?.limits(snapshot, before);
}

/* ---- all of them ---- */

function showCurrent() {
	if (store.paused)
		return;
	if (current === 'workers' && store.last)
		note = showWorkers();
	else if (current !== 'workers' && snapshot)
		note = showSnapshot();
	put($('who').querySelector('.shown'), note);
}

function showSnapshot() {
	showMore();
	if (current === 'upstreams') {
		const shown = more?.upstreams(snapshot, before) ?? 0;

		return `showing ${shown}`;
	}
	const items = current === 'servers' ? serverItems()
		: current === 'limits' ? limitItems(snapshot) : snapshot.caches;
	const shown = tables[current].update(items);
	const all = items.length + (current === 'servers'
		? sum(items.map(item => item.locations.length)) : 0);

	return `showing ${shown} of ${all}`;
}

async function refresh() {
	const fresh = await get('/api/v1/snapshot');

	const passed = fresh.taken_unix_ms - (snapshot?.taken_unix_ms ?? 0);

	if (snapshot?.identity.instance !== fresh.identity.instance ||
		passed > RATE_MAX_MS)
		before = null;
	else if (passed > RATE_MIN_MS)
		before = snapshot;
	snapshot = fresh;
	cardsSnapshot(fresh);
	showCurrent();
}

/**
 * Make the tables. on.tab(name) is called when another one is chosen,
 * on.worker(index) when one is to be filtered by. Returns how to choose one.
 */
export function mountWho(from, even, on) {
	store = from;
	balance = even;
	mountServers();
	mountWorkers(item => on.worker(item.index));
	mountCache();
	tables.limits = mountLimits($('panel-limits'));
	poller = poll($('who'), SNAPSHOT_S, refresh);
	store.on('frame', () => {
		if (current === 'workers' && poller.seen())
			showCurrent();
	});
	return tabs($('who'), name => {
		current = name;
		show($('cache-flush'), name === 'cache');
		showCurrent();
		poller.kick();
		on.tab(name);
	});
}
