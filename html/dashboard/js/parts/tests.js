/*
 * Load tests: the card while one runs, and the list of those that are kept.
 */

import { $, announce, attr, clock, column, confirmed, count, get, make,
	makeDialog, memory, NONE, percent, post, put, rate, seconds, setNote,
	show, store, Table, utc } from '../app.js';

const POLL_MS = 500;
const SHOWN = 50;

let list, where, running = false, timer = 0;
const ticked = new Set();

/* ---- the card ---- */

function percentNow(progress) {
	return `${Math.floor(progress * 100)} %`;
}

function showRunning(now) {
	const bar = $('test-progress');

	put($('card-test').querySelector('.figure'),
		percentNow(now.progress));
	bar.value = now.progress;
	bar.textContent = percentNow(now.progress);
	put($('test-reason'), [`${rate(now.rate)}/s`,
		`p99 ${seconds(now.p99)}`,
		`${count(now.errors)} errors`,
		...now.eta_seconds === null ? []
			: [`${Math.ceil(now.eta_seconds)} s left`],
	].join(' · '));
}

/* "valid", or what is not: also in words where people point at it. */
function verdict(result) {
	const state = result.partial ? 'partial' : !result.passed ? 'failed'
		: result.verdict?.state ?? 'unknown';
	const why = [result.partial_reason, ...result.verdict?.reasons ?? []];

	return [state, why.filter(Boolean).join(' ')];
}

function showLast(result) {
	put($('card-test').querySelector('.figure'),
		`p99 ${seconds(result.latency?.p99)}`);
	put($('test-reason'), `${verdict(result)[0]} · ` +
		`${count(result.requests)} requests · ` +
		`${rate(result.rate)}/s · ` +
		`${count(result.errors)} errors`);
}

function setRunning(yes) {
	running = yes;
	show($('test-progress'), yes);
	show($('stop-test'), yes);
	$('start-test').disabled = yes;
	attr($('card-test'), 'aria-busy', yes);
}

async function ended(now) {
	setRunning(false);
	const [last, before] = await refresh();

	if (last) {
		showLast(last);
		if (now.preset !== 'cache')
			showWhere(last);
		else if (before && !now.error)
			showCompared([before.run, last.run]);
	} else {
		put($('card-test').querySelector('.figure'), 'No result');
	}
	if (now.error) {
		put($('test-reason'), now.error);
		setNote(`The test ended early. ${now.error}`);
	}
	announce(`The test ended. ${$('test-reason').textContent}`);
}

async function follow() {
	clearTimeout(timer);
	try {
		const now = await get('/test_status');

		if (now.running) {
			setRunning(true);
			showRunning(now);
		} else if (running) {
			await ended(now);
		}
	} catch {
		/* the stream says what is the matter; it may come back */
	}
	if (running)
		timer = setTimeout(follow, POLL_MS);
}

async function begin(options) {
	if (running)
		return;
	setRunning(true);
	put($('card-test').querySelector('.figure'), '0 %');
	put($('test-reason'), 'starting');
	try {
		showRunning(await post('/start_test', options));
		announce('The test is running.');
		follow();
	} catch (error) {
		setRunning(false);
		put($('card-test').querySelector('.figure'), 'No test');
		put($('test-reason'), error.message);
		setNote(`The test was not started. ${error.message}`);
		if (error.status === 409)
			follow();
	}
}

/* ---- where the time of one went ---- */

function timeBar(name, parts) {
	const shown = parts.filter(({ share }) => share >= 0.005);
	const whole = parts.reduce((sum, part) => sum + part.seconds, 0);
	const words = `${name}, ${seconds(whole)}: ` + shown.map(
		({ stage, share }) => `${stage.replace('_', ' ')} ` +
			percent(share)).join(', ');
	const bar = make('div', { className: 'stages' }, ...shown.map(part => {
		const span = make('span', { className: `stage-${part.stage}`,
			title: `${part.stage} ${seconds(part.seconds)}` });

		span.style.flexGrow = part.share;
		return span;
	}));

	return [make('p', { textContent: words }), bar];
}

function serverPart({ median, tail, workers, balance, disagreement }) {
	return [
		...median.length ? [...timeBar('Median', median),
			...timeBar('Slowest 1 %', tail)] : [],
		make('p', { textContent: `Balance of workers ` +
			`${balance.toFixed(2)}: ` + workers.map(one =>
			`${one.index} had ${count(one.requests)} requests`)
			.join(', ') }),
		make('p', { textContent: disagreement
			? `Counts differ: ${disagreement}.`
			: 'Server and client counted the same.' })];
}

async function showWhere(item) {
	try {
		const { server } = await get('/api/v1/tests/' +
			encodeURIComponent(item.run));

		where.replaceChildren(make('h3', { textContent:
			`Where time went: ${nameOf(item)}` }),
		...server ? serverPart(server) : [make('p', { textContent:
			'The server was not asked, or saw none of it.' })]);
	} catch (error) {
		setNote(error.message);
	}
}

/* ---- options ---- */

const fields = [
	['clients', 'Clients', { type: 'number', min: 1, max: 1000 }, 100],
	['rate', 'Requests a second; 0: as many as are answered',
		{ type: 'number', min: 0, max: 20000 }, 0],
	['duration', 'Seconds', { type: 'number', min: 1, max: 120 }, 10],
	['path', 'Path', { pattern: '/.*', maxLength: 1024 }, '/'],
];
let dialog;

function remembered() {
	try {
		return JSON.parse(memory.get('test-custom')) ?? {};
	} catch {
		return {};
	}
}

function makeForm() {
	const form = make('form', {}, ...fields.map(([name, label, more]) =>
		make('label', { textContent: label }, make('input',
			{ name, required: true, ...more }))),
	make('button', { className: 'main', textContent: 'Start test' }));

	dialog = makeDialog('test', 'Test of your own', form);
	form.addEventListener('submit', event => {
		event.preventDefault();
		const options = {};

		for (const [name, , { type }] of fields) {
			const { value } = form.elements[name];

			options[name] = type ? Number(value) : value;
		}
		memory.set('test-custom', JSON.stringify(options));
		dialog.close();
		begin({ preset: 'custom', ...options });
	});
}

/** What the button and the key do. */
export function start() {
	const preset = $('test-preset').value;

	if (running)
		return;
	if (preset !== 'custom') {
		begin({ preset });
		return;
	}
	if (!dialog)
		makeForm();
	const before = remembered();

	for (const [name, , , initial] of fields)
		dialog.querySelector(`[name=${name}]`).value =
			before[name] ?? initial;
	dialog.showModal();
}

/* ---- what is kept ---- */

async function change(what, body) {
	try {
		await post(`/api/v1/tests/${what}`, body);
		await refresh();
	} catch (error) {
		setNote(error.message);
	}
}

async function remove(item) {
	if (await confirmed('Delete this result?',
		`${nameOf(item)}, ${count(item.requests)} requests`,
		'Delete it')) {
		ticked.delete(item.run);
		await change('delete', { run: item.run });
	}
}

const started = item => item.started_unix_ms;
const nameOf = item => `${item.name || 'test'} of ` +
	clock(started(item));

/* A cell with a control: `act` gets the item that the row has then. */
function control(key, label, make_, fill, event, act) {
	return { key, label, value: () => 0,
		init(cell) {
			const node = make_();

			node.addEventListener(event, () =>
				act(cell.item, node));
			cell.append(node);
		},
		fill(cell, item) {
			cell.item = item;
			fill(cell.firstChild, item);
		} };
}

function named(node, words, item) {
	attr(node, 'aria-label', `${words} ${nameOf(item)}`);
}

function controls() {
	return [
		control('where', 'Time', () => make('button',
			{ textContent: 'Show' }), (node, item) =>
			named(node, 'Where time went:', item), 'click',
		async item => {
			await showWhere(item);
			where.focus();
		}),
		control('note', 'Note', () => make('input',
			{ maxLength: 500 }), (node, item) => {
			named(node, 'Note on', item);
			if (node !== document.activeElement)
				node.value = item.note;
		}, 'change', (item, node) => change('note',
			{ run: item.run, note: node.value })),
		control('report', 'Report', () => make('a',
			{ textContent: 'Picture' }), (node, item) => {
			named(node, 'Picture of', item);
			node.href = `/api/v1/reports/${item.run}`;
		}, 'click', () => {}),
		control('pin', 'Keep', () => make('button',
			{ textContent: 'Pin' }), (node, item) => {
			named(node, 'Pin', item);
			attr(node, 'aria-pressed', item.pinned);
		}, 'click', item => change('pin',
			{ run: item.run, pinned: !item.pinned })),
		control('delete', 'Delete', () => make('button',
			{ textContent: 'Delete' }), (node, item) =>
			named(node, 'Delete', item), 'click', remove),
	];
}

function tick() {
	return control('tick', 'Compare', () => make('input',
		{ type: 'checkbox' }), (node, item) => {
		named(node, 'Compare', item);
		node.checked = ticked.has(item.run);
	}, 'change', (item, node) => {
		ticked[node.checked ? 'add' : 'delete'](item.run);
		showCompare();
	});
}

function columns() {
	const time = (key, label) => column(key, label,
		item => item.latency?.[key], seconds);

	return [tick(),
		{ key: 'started', label: 'Started', value: started,
			fill(cell, item) {
				put(cell, clock(started(item)));
				cell.title = utc(started(item));
			} },
		{ key: 'name', label: 'Test', value: item => item.name,
			fill(cell, item) {
				put(cell, item.name || item.url);
				cell.title = item.url;
			} },
		{ key: 'verdict', label: 'Verdict', value: item =>
			verdict(item)[0],
		fill(cell, item) {
			const [state, why] = verdict(item);

			put(cell, `${state === 'valid' ? '●' : '▲'} ${state}`);
			cell.title = why;
		} },
		column('requests', 'Requests', item => item.requests,
			count),
		column('rate', 'Req/s', item => item.rate, rate),
		time('p50', 'p50'), time('p99', 'p99'), time('max', 'Max'),
		column('errors', 'Errors', item => item.errors, count),
		...controls()];
}

async function refresh() {
	const { tests, total } = await get(`/api/v1/tests?n=${SHOWN}`);

	list.update(tests);
	for (const run of ticked)
		if (!tests.some(one => one.run === run))
			ticked.delete(run);
	put($('tests').querySelector('.shown'), total > tests.length
		? `showing ${tests.length} of ${total}` : '');
	showCompare();
	return tests;
}

/* ---- two of them ---- */

let compare, compared;

function showCompare() {
	compare.disabled = ticked.size !== 2;
	compare.title = compare.disabled ? 'Tick two of them' : '';
}

function difference({ figure, a, b, ratio, words }) {
	const text = figure === 'rate' ? rate : seconds;
	const more = (ratio - 1) * 100;
	const change_ = !Number.isFinite(ratio) || ratio === null ? NONE
		: `${more >= 0 ? '+' : ''}${more.toFixed(1)} %`;

	return make('tr', {}, ...[figure, text(a), text(b), words || change_]
		.map((textContent, i) => make(i ? 'td' : 'th',
			{ textContent, className: i ? 'number' : '' })));
}

async function showCompared([a, b]) {
	try {
		const two = await get(`/api/v1/tests/compare?a=` +
			`${encodeURIComponent(a)}&b=${encodeURIComponent(b)}`);

		compared.replaceChildren(make('table', {}, make('caption',
			{ textContent: `${nameOf(two.a)} (A) and ` +
				`${nameOf(two.b)} (B)` }),
		make('thead', {}, make('tr', {}, ...['', 'A', 'B', 'Change']
			.map(textContent => make('th', { textContent })))),
		make('tbody', {}, ...two.differences.map(difference))),
		...two.warnings.map(textContent => make('p',
			{ textContent })));
	} catch (error) {
		setNote(error.message);
	}
}

/* Make the list and take the card over. */
function mount() {
	const section = $('tests');

	compare = make('button', { id: 'tests-compare',
		textContent: 'Compare', disabled: true });
	compare.addEventListener('click', async () => {
		/* the earlier one is what the later one is compared with */
		await showCompared([...ticked].sort());
		compared.focus();
	});
	section.querySelector('.tools').append(compare);
	compared = make('div', { id: 'tests-compared', tabIndex: -1 });
	list = new Table(section, { caption: 'Load tests, newest first',
		columns: columns(), rows: SHOWN,
		empty: () => 'No test was kept yet.' });
	where = make('div', { id: 'tests-where', tabIndex: -1 });
	section.append(where, compared);
	$('stop-test').addEventListener('click', () =>
		post('/api/v1/tests/stop').catch(error =>
			setNote(error.message)));
	store.on('frame', () => {
		if (store.last.test?.running && !running)
			follow();
	});
	refresh().then(([last]) => {
		if (last && !running)
			showLast(last);
	}).catch(() => {});
	follow();
}

mount();
