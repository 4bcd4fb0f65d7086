/*
 * Who: servers and locations, workers, caches, limits, of the snapshot, which
 * is asked for only while this is seen. What a tab shows is a part of the
 * page, parts/TAB.js, loaded when it is first seen; it has mount(panel, on),
 * which makes it and returns what fills it: show(snapshot, the one before or
 * null, the seconds between the two or NaN) gives, in words, what is shown.
 */

import { $, poll, put, show } from './dom.js';
import { cardsSnapshot } from './cards.js';
import { get } from './api.js';
import { part } from './part.js';
import { tabs } from './table.js';

const SNAPSHOT_S = 2;
const RATE_MIN_MS = 500, RATE_MAX_MS = 10000;	/* between snapshots */

const parts = {
	servers: part(() => import('./parts/servers.js')),
	upstreams: part(() => import('./parts/upstreams.js')),
	workers: part(() => import('./parts/workers.js')),
	cache: part(() => import('./parts/cache.js')),
	limits: part(() => import('./parts/limits.js')),
	tops: part(() => import('./parts/tops.js')),
};

let store, on, current = '', poller, snapshot = null, before = null;
let news = false;		/* a snapshot that waits for the next frame */
const panes = {};		/* of each tab what fills it */

/** How much a second a number grew by; NaN if that is not known. */
export function speed(now, then, passed) {
	return passed > 0 && now >= then ? (now - then) / passed : NaN;
}

function showCurrent() {
	if (store.paused || !snapshot || !panes[current])
		return;
	const passed = before
		? (snapshot.taken_unix_ms - before.taken_unix_ms) / 1000 : NaN;

	news = false;
	put($('who').querySelector('.shown'),
		panes[current](snapshot, before, passed));
}

function wantCurrent() {
	const name = current;

	if (!panes[name])
		parts[name](module => {
			panes[name] ??= module.mount($(`panel-${name}`), on);
			showCurrent();
		});
}

async function refresh() {
	wantCurrent();
	const fresh = await get('/api/v1/snapshot');
	const first = !snapshot;
	const passed = fresh.taken_unix_ms - (snapshot?.taken_unix_ms ?? 0);

	if (snapshot?.identity.instance !== fresh.identity.instance ||
		passed > RATE_MAX_MS)
		before = null;
	else if (passed > RATE_MIN_MS)
		before = snapshot;
	snapshot = fresh;
	news = true;
	show($('tab-upstreams'), snapshot.upstreams.length > 0);
	cardsSnapshot(fresh);
	if (first)
		showCurrent();
}

/**
 * Make the tables. tab(name) is called when another one is chosen,
 * worker(index) when one is to be filtered by. Returns how to choose one.
 */
export function mountWho(from, { tab, worker }) {
	store = from;
	poller = poll($('who'), SNAPSHOT_S, refresh);
	on = { worker, again: poller.kick };
	store.on('frame', () => {
		if ((news || current === 'workers') && poller.seen())
			showCurrent();
	});
	return tabs($('who'), name => {
		current = name;
		show($('cache-flush'), name === 'cache');
		showCurrent();
		poller.kick();
		tab(name);
	});
}
