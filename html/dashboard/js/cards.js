/*
 * The six cards: the figure that matters, what explains it, the last minute
 * as a line, and the change against the minute before.
 */

import { $, announce, attr, make, put } from './dom.js';
import { brief, count, NONE, percent, rate, seconds, secondsParts }
	from './format.js';
import { post } from './api.js';
import { Spark } from './spark.js';
import { setNote } from './status.js';

const MINUTE = 60;
const CHANGE_MIN = 0.005;	/* less is "as before" */

let store;

/* The totals of the frames of the last minute, in a ring. */
const totals = { size: MINUTE + 1, next: 0, kept: new Array(MINUTE + 1) };

function totalsPush(frame) {
	const before = totals.kept[(totals.next + MINUTE) % totals.size];

	if (before && before.instance !== frame.instance)
		totals.kept.fill(undefined);
	totals.kept[totals.next] = { t: frame.t, instance: frame.instance,
		...frame.tot };
	totals.next = (totals.next + 1) % totals.size;
}

/* What they were a minute ago, or as long ago as is known. */
function totalsBefore() {
	for (let i = 0; i < totals.size; i++) {
		const kept = totals.kept[(totals.next + i) % totals.size];

		if (kept && kept.t >= store.last.t - MINUTE)
			return kept;
	}
	return null;
}

function mean(points, from, to) {
	let sum = 0, n = 0;

	for (let i = from; i < to; i++)
		if (!Number.isNaN(points[i])) {
			sum += points[i];
			n++;
		}
	return n ? sum / n : NaN;
}

/* Mean of a series over the last `n` seconds. */
function lately(name, n = MINUTE) {
	const points = store.recent(name, n);

	return mean(points, 0, points.length);
}

/* Hits of lookups, for each second. */
function hitRatios(n) {
	const hits = store.recent('cache_hits', n);
	const misses = store.recent('cache_misses', n);

	return hits.map((hit, i) => hit + misses[i] > 0
		? hit / (hit + misses[i]) : NaN);
}

/* ---- one card ---- */

class Card {
	/* labels: the details', or [label, title] */
	constructor(id, labels, series) {
		this.root = $(id);
		this.figure = this.root.querySelector('.figure');
		this.delta = this.root.querySelector('.delta');
		this.delta.title = 'last minute against the one before';
		this.spark = new Spark(this.root.querySelector('.spark'));
		this.series = series;
		this.number = make('span');
		this.unit = make('abbr');
		this.figure.replaceChildren(this.number, ' ', this.unit);
		this.values = labels.map(one => {
			const [label, title = ''] = [one].flat();
			const value = make('dd', { textContent: NONE });

			this.root.querySelector('.detail').append(make('div',
				{ title }, make('dt', { textContent: label }),
				value));
			return value;
		});
	}

	show([number, unit, words], details) {
		put(this.number, number);
		put(this.unit, unit);
		if (words && this.unit.title !== words)
			this.unit.title = words;
		details.forEach((text, i) => put(this.values[i], text));
		this.#trend();
	}

	/* The line, and the change of the mean against the minute before:
	 * in percent, or in points where the figure is a ratio. */
	#trend() {
		const points = typeof this.series === 'function'
			? this.series(2 * MINUTE)
			: store.recent(this.series, 2 * MINUTE);
		const half = Math.max(0, points.length - MINUTE);
		const before = mean(points, 0, half);
		const now = mean(points, half, points.length);
		const ratio = typeof this.series === 'function';
		const change = ratio ? now - before : now / before - 1;

		this.spark.set(points.subarray(half));
		if (!Number.isFinite(change)) {
			put(this.delta, '');
			return;
		}
		const much = Math.abs(change);
		const number = much >= 9.995 ? '>999'
			: (much * 100).toFixed(much < 0.0095 ? 1 : 0);

		put(this.delta, much < CHANGE_MIN ? '='
			: `${change > 0 ? '▲' : '▼'} ${number} ` +
			(ratio ? 'pt' : '%'));
	}
}

/* ---- what they show ---- */

let live, cache, average, cookies, pool;

function showLive({ tot }) {
	const clients = store.value('active_clients');

	live.show([brief(clients), clients === 1 ? 'client' : 'clients'], [
		count(tot.requests),
		[1, 10, MINUTE].map(n => lately('requests', n)).map(n =>
			n < 1e4 ? rate(n) : brief(n, 1e4)).join(' · '),
		['reading', 'writing', 'idle'].map(name =>
			count(store.value(name))).join(' · '),
		`${count(tot.conn_peak)} / ${count(tot.conn_limit)}`,
	]);
}

function showCache({ tot }) {
	const hits = lately('cache_hits');

	cache.show([percent(hits / (hits + lately('cache_misses'))), 'hits',
		'lookups of the last minute answered from memory'], [
		percent(tot.hits / (tot.hits + tot.misses)),
		count(tot.hits), count(tot.misses), count(tot.bypass),
	]);
}

function showAverage({ tot }, before) {
	const requests = tot.requests - before.requests;
	const sum = tot.mean * tot.requests - before.mean * before.requests;
	const [number, unit, words] = secondsParts(requests > 0
		? Math.max(0, sum / requests) : NaN);

	average.show([number, unit && `${unit} mean`,
		words && `mean of the last minute, in ${words}`], [
		seconds(store.value('latency_p50') ?? NaN),
		seconds(store.value('latency_p99') ?? NaN),
		seconds(store.value('latency_max') ?? NaN),
		seconds(tot.requests ? tot.mean : NaN),
	]);
}

function showCookies({ t, tot }, before) {
	const sessions = store.value('sessions');
	const minutes = (t - before.t) / MINUTE;

	cookies.show([brief(sessions), sessions === 1 ? 'session'
		: 'sessions'], [
		minutes > 0.1 ? `${rate((tot.created - before.created) /
			minutes)} / min` : NONE,
		count(tot.created),
		count(cookies.today),
		count(cookies.expired),
	]);
}

function showPool({ tot }) {
	pool.show([count(tot.pool_threads), tot.pool_threads === 1 ? 'thread'
		: 'threads'], [
		`${count(Math.round(store.value('pool_busy')))} / ` +
			count(tot.pool_threads),
		count(store.value('pool_queued')),
		seconds(store.value('pool_wait_p99') ?? NaN),
		count(pool.rejected),
	]);
}

/** What only the snapshot knows. */
export function cardsSnapshot({ sessions, pool: threads }) {
	cookies.today = sessions?.today;
	cookies.expired = sessions?.expired;
	pool.rejected = threads?.rejected;
}

/** Show the last frame. */
export function showCards() {
	const frame = store.last, before = totalsBefore() ?? frame.tot;

	showLive(frame);
	showCache(frame);
	showAverage(frame, before);
	showCookies(frame, before);
	showPool(frame);
	if (Date.now() > settled)
		showSwitch(frame.cache);
}

/* ---- the switch of the cache ---- */

const SETTLE_MS = 1500;		/* frames on their way know the old state */
let settled = 0, switching = false;

function showSwitch(on) {
	const button = $('cache-switch');

	button.disabled = false;
	attr(button, 'aria-pressed', on === true);
	put(button.firstElementChild, on ? 'on' : 'off');
}

/** Switch the cache: shown at once, taken back if the server refuses. */
export async function switchCache() {
	const button = $('cache-switch');

	if (switching || button.disabled)
		return;
	const on = button.getAttribute('aria-pressed') !== 'true';

	switching = true;
	settled = Infinity;
	button.setAttribute('aria-busy', 'true');
	showSwitch(on);
	try {
		const answer = await post('/api/v1/cache', { enabled: on });

		showSwitch(answer.cache_enabled);
		announce(answer.cache_enabled ? 'The cache is on.'
			: 'The cache is off.');
	} catch (error) {
		showSwitch(!on);
		setNote(`The cache was not switched. ${error.message}`);
	}
	button.removeAttribute('aria-busy');
	switching = false;
	settled = Date.now() + SETTLE_MS;
}

/** Make the cards; to be called once. */
export function mountCards(from) {
	store = from;
	live = new Card('card-live', ['Requests',
		['Req/s', 'requests a second: of the last second, ten ' +
			'seconds, minute'],
		['R · W · idle', 'reading a request · answering · ' +
			'kept alive'],
		['Peak / limit', 'most clients at once, and as many as ' +
			'there may be']], 'active_clients');
	cache = new Card('card-cache', ['Since start', 'Hits', 'Misses',
		['Bypassed', 'switched off, or cannot be cached']], hitRatios);
	average = new Card('card-avg', ['p50', 'p99', 'Longest',
		'Since start'], 'latency_p50');
	cookies = new Card('card-cookies', ['New', 'Handed out',
		['Today', 'different ones, within 2 %'], 'Expired'],
	'sessions');
	pool = new Card('card-pool', ['Busy', 'Queued', 'Wait p99',
		'Refused'], 'pool_busy');
	$('cache-switch').addEventListener('click', switchCache);
	store.on('frame', () => totalsPush(store.last));
}
