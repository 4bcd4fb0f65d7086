/*
 * The first line: is it well, and if not, why.
 */

import { $, alarm, announce, attr, put, show } from './dom.js';
import { clock, count, percent, seconds, span, utc } from './format.js';

const ERRORS_MAX = 0.01;	/* of the requests of a minute */
const LAG_MAX_S = 0.1, LAG_WINDOW_S = 10;
const CRASH_S = 60;
const NOTE_MS = 8000;

let store, link = 'connecting', since = null, note = '', noteTimer = 0;
let said = '', crash = null, mark = null, failure = null, version = '';

function sum(name, n) {
	let total = 0;

	for (const value of store.recent(name, n))
		if (!Number.isNaN(value))
			total += value;
	return total;
}

function peak(name, n) {
	let max = 0;

	for (const value of store.recent(name, n))
		if (value > max)
			max = value;
	return max;
}

/* Why a running server is not well. */
function reasons(frame) {
	const found = [];
	const failed = sum('5xx', 60), requests = sum('requests', 60);
	const lag = peak('loop_lag_p99', LAG_WINDOW_S);

	if (frame.reload_ok === false)
		found.push('The last reload failed, the configuration before ' +
			`it is in use. ${failure?.[2] ?? ''}`);
	if (crash && frame.t - crash[0] / 1000 < CRASH_S)
		found.push(`A worker crashed at ${clock(crash[0])}` +
			(crash[2] ? `: ${crash[2]}.` : '.'));
	if (requests > 0 && failed / requests > ERRORS_MAX)
		found.push(`${percent(failed / requests)} of the requests ` +
			'of the last minute failed (5xx).');
	if (lag > LAG_MAX_S)
		found.push(`The workers' loops lag: p99 ${seconds(lag)}.`);
	return found;
}

/* [state, text, why] */
function judge() {
	const frame = store.last;

	if (link === 'denied')
		return ['lost', 'not logged in',
			['The login is needed, or no longer valid.']];
	if (link === 'lost')
		return ['lost', `server down since ${clock(since)}`,
			['The dashboard does not answer either; ' +
			'trying again.']];
	if (!frame || link === 'connecting')
		return ['connecting', 'connecting', []];
	if (!frame.up)
		return ['down',
			`server down since ${clock(frame.since * 1000)}`,
			['The history is kept; this page goes on by itself.']];
	const why = reasons(frame);

	return why.length ? ['degraded', 'degraded', why]
		: ['up', 'healthy', []];
}

function identity(frame) {
	const parts = [`gen ${count(frame.generation)}`];

	if (frame.up)
		parts.push(`up ${span(frame.t - frame.started)}`);
	if (frame.draining)
		parts.push(`${count(frame.draining)} draining`);
	if (frame.reloaded > frame.started + 1 || !frame.reload_ok)
		parts.push(`reloaded ${clock(frame.reloaded * 1000)} ` +
			(frame.reload_ok ? '✓' : '✕'));
	if (mark && !['start', 'reload'].includes(mark[1]))
		parts.push(`${mark[1].replaceAll('_', ' ')} ${clock(mark[0])}`);
	return parts.join(' · ');
}

/** Show it, each frame and each change. */
export function showStatus() {
	const [state, text, why] = judge();
	const frame = store.last;

	if (note)
		why.push(note);
	put($('state'), text);
	attr($('state'), 'data-state', state);
	attr(document.documentElement, 'data-state', state);
	if (frame) {
		put($('identity'), identity(frame));
		attr($('identity'), 'title',
			`started ${utc(frame.started * 1000)}, reloaded ` +
			utc(frame.reloaded * 1000) +
			(mark?.[2] ? `; last mark: ${mark[2]}` : ''));
		put($('version'), `ringmaster ${version} · instance ` +
			frame.instance);
	}
	show($('reason'), why.length > 0);
	put($('reason').firstElementChild, why.join(' '));
	show($('login'), link === 'denied');
	put(document.querySelector('title'), state === 'up' ||
		state === 'connecting' ? 'ringmaster' : `${text} – ringmaster`);
	if (text !== said) {
		if (state === 'up')
			announce(said && said !== 'connecting'
				? 'The server is healthy again.' : '');
		alarm(state === 'up' || state === 'connecting' ? ''
			: `${text}. ${why.join(' ')}`);
		said = text;
	}
}

/** Of the stream: its state, and when the last frame came (ms or null). */
export function setLink(state, lastMs) {
	link = state;
	since = lastMs ?? since ?? Date.now();
	if (state === 'lost')
		store.setDown(since);
	showStatus();
}

/** A message of the page itself beside the reasons, for some seconds. */
export function setNote(text) {
	clearTimeout(noteTimer);
	noteTimer = setTimeout(() => {
		note = '';
		showStatus();
	}, NOTE_MS);
	note = text;
	alarm(text);
	showStatus();
}

export function setVersion(text) {
	version = text;
}

/** Marks, oldest first, as in frames: [ms, kind, text]. */
export function setMarks(marks) {
	for (const one of marks) {
		mark = one;
		if (one[1] === 'crash')
			crash = one;
		if (one[1] === 'reload_failed')
			failure = one;
	}
}

export function mountStatus(from) {
	store = from;
	$('login').addEventListener('click', () => location.reload());
}
