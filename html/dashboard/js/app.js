/*
 * The page: what comes from the server goes into the store, and what the
 * reader does to it; the parts follow the store.
 */

import { $, announce, attr, poll, put, show } from './dom.js';
import { clock, clockMs } from './format.js';
import { get, onDenied } from './api.js';
import { keep, onView } from './url.js';
import { mountCards, cardsSnapshot, showCards, switchCache } from './cards.js';
import { mountCharts } from './charts.js';
import { mountKeys } from './keys.js';
import { mountRequests, seedRecent, setFilter, showRecent }
	from './requests.js';
import { memory } from './panel.js';
import { mountStatus, setLink, setMarks, setVersion, showStatus }
	from './status.js';
import { mountWho } from './who.js';
import { part } from './part.js';
import { startStream } from './stream.js';
import { store } from './store.js';

/* What the parts that are loaded later use of the page: see part.js. */
export { $, announce, attr, confirmed, make, makeDialog, put, show }
	from './dom.js';
export { balance, store } from './store.js';
export { bytes, clock, clockMs, count, moment, NONE, percent, rate, seconds,
	utc } from './format.js';
export { chip, column, meter, meterFill, sum, Table } from './table.js';
export { get, post } from './api.js';
export { memory } from './panel.js';
export { setNote } from './status.js';
export { speed } from './who.js';

const BOOT_RETRY_MS = 3000;
const CARDS_S = 5;
const ranges = [...document.querySelectorAll('#ranges [data-range]')];

/* ---- the server ---- */

let booted = false, early = null, instance = '';

/* Requests that no frame had. */
function again() {
	seedRecent().then(showRecent, () => {});
}

/* Frames were missed, as when another process took over. */
function afterGap() {
	again();
	store.fetchMarks();
}

/* What frames do not have. */
async function showSnapshot() {
	const snapshot = await get('/api/v1/snapshot');

	setVersion(snapshot.identity.build.version);
	cardsSnapshot(snapshot);
}

/* What is asked for once; again until it is answered. */
async function boot() {
	try {
		store.boot(await get('/api/v1/catalogue'));
		booted = true;
		if (early)
			takeFrame(early);
		early = null;
	} catch {
		setTimeout(boot, BOOT_RETRY_MS);
		return;
	}
	again();
	showSnapshot().catch(() => {});
}

function takeFrame(frame) {
	if (!booted) {
		early = frame;		/* its series have no names yet */
		return;
	}
	store.setDown(frame.up ? null : frame.since * 1000);
	store.push(frame);
	if (instance && instance !== frame.instance)
		boot();
	instance = frame.instance;
}

let drawn = 0;

/* Once a frame, and not where nobody looks. */
function draw() {
	if (document.hidden || drawn)
		return;
	drawn = requestAnimationFrame(() => {
		drawn = 0;
		if (!store.last)
			return;
		showStatus();
		if (!store.paused)
			showCards();
		put($('pause-note'), `paused, ${store.behind} s behind`);
	});
}

/* ---- range, pause, marks ---- */

function showRange() {
	const { seconds, zoom } = store.range;

	for (const button of ranges)
		attr(button, 'aria-pressed', !zoom &&
			Number(button.dataset.range) === seconds);
	show($('unzoom'), zoom !== null);
	$('unzoom').title = zoom ? `${clock(zoom[0] * 1000)} to ` +
		clock(zoom[1] * 1000) : '';
	keep('range', seconds);
	keep('zoom', zoom ? zoom.map(Math.round).join('-') : '');
}

function showPause() {
	attr($('pause'), 'aria-pressed', store.paused);
	attr($('pause'), 'aria-label', store.paused ? 'Go on' : 'Pause');
	show($('pause-note'), store.paused);
	put($('pause-note'), 'paused, 0 s behind');
	announce(store.paused ? 'Paused.' : 'Live again.');
	draw();
}

function showMark(mark) {
	announce(`${mark.kind.replaceAll('_', ' ')} at ${clockMs(mark.ms)}` +
		(mark.text ? `: ${mark.text}` : ''));
}

let jumped = null;		/* to a mark, as long as its zoom is shown */

/* Zoom to a minute around the mark before or after the one shown, or what
 * is shown. */
function jumpToMark(way) {
	const { zoom } = store.range;
	const [from, to] = !zoom ? [Infinity, Infinity]
		: zoom === jumped?.zoom ? [jumped.ms, jumped.ms]
		: zoom.map(time => time * 1000);
	const marks = store.allMarks().filter(mark => way < 0
		? mark.ms < from : mark.ms > to);
	const mark = way < 0 ? marks.at(-1) : marks[0];

	if (!mark) {
		announce(way < 0 ? 'There is no mark before.'
			: 'There is no mark after.');
		return;
	}
	store.zoom(mark.ms / 1000 - 30, mark.ms / 1000 + 30);
	jumped = { zoom: store.range.zoom, ms: mark.ms };
	showMark(mark);
}

/* ---- parts that are loaded when there is something to do ---- */

const wantHelp = part(() => import('./parts/help.js'));
const wantMark = part(() => import('./parts/mark.js'));
const wantTests = part(() => import('./parts/tests.js'));

function listenTests() {
	const preset = $('test-preset');

	preset.value = memory.get('test') ?? 'burst';
	preset.selectedIndex = Math.max(0, preset.selectedIndex);
	preset.addEventListener('change', () =>
		memory.set('test', preset.value));
	$('start-test').addEventListener('click', () =>
		wantTests(tests => tests.start()));
	store.on('frame', () => {
		if (store.last.test?.running)
			wantTests();
	});
	new IntersectionObserver((seen, observer) => {
		if (seen.at(-1).isIntersecting) {
			observer.disconnect();
			wantTests();
		}
	}).observe($('tests'));
}

/* ---- putting it together ---- */

function listen() {
	for (const button of ranges)
		button.addEventListener('click',
			() => store.setRange(Number(button.dataset.range)));
	$('unzoom').addEventListener('click', () => store.unzoom());
	$('pause').addEventListener('click',
		() => store.setPaused(!store.paused));
	$('mark').addEventListener('click',
		() => wantMark(mark => mark.ask()));
	$('help').addEventListener('click',
		() => wantHelp(help => help.show()));
	store.on('frame', draw);
	store.on('data', draw);
	store.on('range', showRange);
	store.on('pause', showPause);
	store.on('marks', () => setMarks(store.allMarks().map(mark =>
		[mark.ms, mark.kind, mark.text])));
	document.addEventListener('visibilitychange', draw);
}

function keys() {
	const actions = {
		'?': () => $('help').click(),
		'/': () => $('filter').focus(),
		' ': () => $('pause').click(),
		p: () => $('pause').click(),
		c: switchCache,
		m: () => $('mark').click(),
		t: () => $('start-test').click(),
		'[': () => jumpToMark(-1),
		']': () => jumpToMark(1),
		Escape: () => store.unzoom(),
	};

	ranges.forEach((button, i) => {
		actions[i + 1] = () => button.click();
	});
	mountKeys(actions);
}

/* Seconds as milliseconds, to four digits. */
const round = seconds => Number((seconds * 1e3).toPrecision(4));

/* Filter by what was clicked, and show it. */
function look(filter) {
	chooseRequests('recent');
	setFilter(filter);
	$('requests').scrollIntoView({ block: 'nearest' });
}

mountStatus(store);
mountCards(store);
poll($('cards'), CARDS_S, showSnapshot);
listen();
listenTests();
keys();
const chooseWho = mountWho(store, {
	tab: name => keep('who', name),
	worker: index => look(`worker:${index}`),
});
const chooseRequests = mountRequests(store, keep);

mountCharts($('charts'), store, {
	onHeatCell: ({ from, to, min, max }) => look(`from:${from} to:${to} ` +
		`min:${round(min ?? 0)}ms` + (max ? ` max:${round(max)}ms`
		: '')),
	onWorker: index => look(`worker:${index}`),
	onMark: showMark,
});
onView(view => {
	const [from, to] = view.zoom.split('-').map(Number);
	const seconds = Number(view.range);

	chooseWho(view.who);
	chooseRequests(view.tab);
	setFilter(view.filter);
	if (ranges.some(button => Number(button.dataset.range) === seconds))
		store.setRange(seconds);
	if (from > 0 && to > from)
		store.zoom(from, to);
});
onDenied(() => setLink('denied', null));
startStream({ frame: takeFrame, gap: afterGap,
	state: setLink });
boot();
