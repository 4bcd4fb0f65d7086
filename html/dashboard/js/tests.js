/*
 * Load tests: the card while one runs, and the list of those that are kept.
 * Loaded when it is wanted; it imports nothing and is given what it uses of
 * the other modules, so that it shares their state.
 */

const POLL_MS = 500;
const SHOWN = 50;

let kit, $, make, put, show, list, where, running = false, timer = 0;
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
	put($('test-reason'), [`${kit.rate(now.rate)}/s`,
		`p99 ${kit.seconds(now.p99)}`,
		`${kit.count(now.errors)} errors`,
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
		`p99 ${kit.seconds(result.latency?.p99)}`);
	put($('test-reason'), `${verdict(result)[0]} · ` +
		`${kit.count(result.requests)} requests · ` +
		`${kit.rate(result.rate)}/s · ` +
		`${kit.count(result.errors)} errors`);
}

function setRunning(yes) {
	running = yes;
	show($('test-progress'), yes);
	show($('stop-test'), yes);
	$('start-test').disabled = yes;
	kit.attr($('card-test'), 'aria-busy', yes);
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
		kit.setNote(`The test ended early. ${now.error}`);
	}
	kit.announce(`The test ended. ${$('test-reason').textContent}`);
}

async function follow() {
	clearTimeout(timer);
	try {
		const now = await kit.get('/test_status');

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
		showRunning(await kit.post('/start_test', options));
		kit.announce('The test is running.');
		follow();
	} catch (error) {
		setRunning(false);
		put($('card-test').querySelector('.figure'), 'No test');
		put($('test-reason'), error.message);
		kit.setNote(`The test was not started. ${error.message}`);
		if (error.status === 409)
			follow();
	}
}

/* ---- where the time of one went ---- */

function timeBar(name, parts) {
	const shown = parts.filter(({ share }) => share >= 0.005);
	const whole = parts.reduce((sum, part) => sum + part.seconds, 0);
	const words = `${name}, ${kit.seconds(whole)}: ` + shown.map(
		({ stage, share }) => `${stage.replace('_', ' ')} ` +
			kit.percent(share)).join(', ');
	const bar = make('div', { className: 'stages' }, ...shown.map(part => {
		const span = make('span', { className: `stage-${part.stage}`,
			title: `${part.stage} ${kit.seconds(part.seconds)}` });

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
			`${one.index} had ${kit.count(one.requests)} requests`)
			.join(', ') }),
		make('p', { textContent: disagreement
			? `Counts differ: ${disagreement}.`
			: 'Server and client counted the same.' })];
}

async function showWhere(item) {
	try {
		const { server } = await kit.get('/api/v1/tests/' +
			encodeURIComponent(item.run));

		where.replaceChildren(make('h3', { textContent:
			`Where time went: ${nameOf(item)}` }),
		...server ? serverPart(server) : [make('p', { textContent:
			'The server was not asked, or saw none of it.' })]);
	} catch (error) {
		kit.setNote(error.message);
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
		return JSON.parse(kit.memory.get('test-custom')) ?? {};
	} catch {
		return {};
	}
}

function makeDialog() {
	const form = make('form', {}, ...fields.map(([name, label, more]) =>
		make('label', { textContent: label }, make('input',
			{ name, required: true, ...more }))),
	make('button', { className: 'main', textContent: 'Start test' }));
	const close = make('form', { method: 'dialog' }, make('h2',
		{ id: 'test-title', textContent: 'Test of your own' }),
	make('button', { className: 'icon', 'aria-label': 'Close',
		textContent: '✕' }));

	dialog = make('dialog', { id: 'test-dialog',
		'aria-labelledby': 'test-title' }, close, form);
	document.body.append(dialog);
	dialog.addEventListener('click', event => {
		if (event.target === dialog)
			dialog.close();
	});
	form.addEventListener('submit', event => {
		event.preventDefault();
		const options = {};

		for (const [name, , { type }] of fields) {
			const { value } = form.elements[name];

			options[name] = type ? Number(value) : value;
		}
		kit.memory.set('test-custom', JSON.stringify(options));
		dialog.close();
		begin({ preset: 'custom', ...options });
	});
}

/** What the button and the key do. */
function start() {
	const preset = $('test-preset').value;

	if (running)
		return;
	if (preset !== 'custom') {
		begin({ preset });
		return;
	}
	if (!dialog)
		makeDialog();
	const before = remembered();

	for (const [name, , , initial] of fields)
		dialog.querySelector(`[name=${name}]`).value =
			before[name] ?? initial;
	dialog.showModal();
}

/* ---- what is kept ---- */

async function change(what, body) {
	try {
		await kit.post(`/api/v1/tests/${what}`, body);
		await refresh();
	} catch (error) {
		kit.setNote(error.message);
	}
}

async function remove(item) {
	if (await kit.confirmed('Delete this result?',
		`${nameOf(item)}, ${kit.count(item.requests)} requests`,
		'Delete it')) {
		ticked.delete(item.run);
		await change('delete', { run: item.run });
	}
}

const started = item => item.started_unix_ms;
const nameOf = item => `${item.name || 'test'} of ` +
	kit.clock(started(item));

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
	kit.attr(node, 'aria-label', `${words} ${nameOf(item)}`);
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
			kit.attr(node, 'aria-pressed', item.pinned);
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
	const time = (key, label) => kit.column(key, label,
		item => item.latency?.[key], kit.seconds);

	return [tick(),
		{ key: 'started', label: 'Started', value: started,
			fill(cell, item) {
				put(cell, kit.clock(started(item)));
				cell.title = kit.utc(started(item));
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
		kit.column('requests', 'Requests', item => item.requests,
			kit.count),
		kit.column('rate', 'Req/s', item => item.rate, kit.rate),
		time('p50', 'p50'), time('p99', 'p99'), time('max', 'Max'),
		kit.column('errors', 'Errors', item => item.errors, kit.count),
		...controls()];
}

async function refresh() {
	const { tests, total } = await kit.get(`/api/v1/tests?n=${SHOWN}`);

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
	const text = figure === 'rate' ? kit.rate : kit.seconds;
	const more = (ratio - 1) * 100;
	const change_ = !Number.isFinite(ratio) || ratio === null ? kit.NONE
		: `${more >= 0 ? '+' : ''}${more.toFixed(1)} %`;

	return make('tr', {}, ...[figure, text(a), text(b), words || change_]
		.map((textContent, i) => make(i ? 'td' : 'th',
			{ textContent, className: i ? 'number' : '' })));
}

async function showCompared([a, b]) {
	try {
		const two = await kit.get(`/api/v1/tests/compare?a=` +
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
		kit.setNote(error.message);
	}
}

/** Make the list and take the card over. Returns { start() }. */
export function mountTests(given) {
	const section = given.$('tests');

	kit = given;
	({ $, make, put, show } = given);
	compare = make('button', { id: 'tests-compare',
		textContent: 'Compare', disabled: true });
	compare.addEventListener('click', async () => {
		/* the earlier one is what the later one is compared with */
		await showCompared([...ticked].sort());
		compared.focus();
	});
	section.querySelector('.tools').append(compare);
	compared = make('div', { id: 'tests-compared', tabIndex: -1 });
	list = new kit.Table(section, { caption: 'Load tests, newest first',
		columns: columns(), rows: SHOWN,
		empty: () => 'No test was kept yet.' });
	where = make('div', { id: 'tests-where', tabIndex: -1 });
	section.append(where, compared);
	$('stop-test').addEventListener('click', () =>
		kit.post('/api/v1/tests/stop').catch(error =>
			kit.setNote(error.message)));
	kit.store.on('frame', () => {
		if (kit.store.last.test?.running && !running)
			follow();
	});
	refresh().then(([last]) => {
		if (last && !running)
			showLast(last);
	}).catch(() => {});
	follow();
	return { start };
}
