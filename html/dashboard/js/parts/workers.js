/*
 * The workers, of the frames, and the button that replaces one; the longest
 * turn of each is of the snapshot.
 */

import { announce, balance, bytes, column, confirmed, count, make, meter,
	meterFill, NONE, percent, post, rate, seconds, setNote, store, sum,
	Table } from '../app.js';

function workerItem(w) {
	const [index, pid, state, connections, perSecond, p99, lag, inflight,
		busy, queued, cpu, rss, stalls] = w;

	return { index, pid, state, connections, perSecond, p99, lag,
		inflight, busy, queued, cpu, rss, stalls };
}

/* What a turn was long with, in words. */
function stallWords(stall) {
	return stall ? `${seconds(stall.work_seconds)} ${stall.work} ` +
		`${stall.server} ${stall.location}`.trim() : '';
}

function makeTable(panel, open) {
	const plain = (key, label, text, title) =>
		column(key, label, item => item[key], text, title);

	return new Table(panel, {
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
			column('stall', 'Longest turn', item =>
				item.stall?.seconds, seconds, 'of late'),
			{ key: 'work', label: 'It was', title:
				'its longest piece, for a server and location',
				value: item => stallWords(item.stall),
				text: item => stallWords(item.stall) },
		] });
}

/* Jain's index over what each did in the last minute. */
function evenness(workers) {
	const done = workers.map(worker =>
		sum([...store.workerRecent(worker.index)]
			.filter(n => !Number.isNaN(n))));

	return balance(done);
}

function fill(table, snapshot) {
	const all = (store.last.w ?? []).map(workerItem);
	const most = Math.max(1, ...all.map(worker => worker.perSecond ?? 0));
	const even = evenness(all);

	for (const worker of all) {
		worker.share = (worker.perSecond ?? 0) / most;
		worker.stall = snapshot.workers.find(one =>
			one.index === worker.index)?.recent_stall;
	}
	const shown = table.update(all);

	return `balance ${Number.isFinite(even) ? even.toFixed(2) : NONE}` +
		` · showing ${shown} of ${store.last.w_all ?? all.length}`;
}

async function replace(worker) {
	if (!await confirmed(`Replace worker ${worker}?`, 'Another one is ' +
		'started in its place. It leaves when it has finished what ' +
		'it serves.', 'Replace'))
		return;
	try {
		await post('/api/v1/workers/drain', { worker });
		announce(`Worker ${worker} is being replaced.`);
	} catch (error) {
		setNote(`Worker ${worker} was not replaced. ${error.message}`);
	}
}

/* Which one, and the button. Returns what keeps the choice up to date. */
function mountReplace(panel) {
	const which = make('select');
	const button = make('button', { 'aria-haspopup': 'dialog',
		textContent: 'Replace…' });

	button.addEventListener('click', () => replace(Number(which.value)));
	panel.append(make('div', { className: 'bar' },
		make('p', { className: 'tools' },
			make('label', {}, 'Worker ', which), button)));
	return () => {
		const all = (store.last.w ?? []).map(([index]) => index);

		if (all.length !== which.options.length)
			which.replaceChildren(...all.map(index => make(
				'option', { textContent: String(index) })));
	};
}

export function mount(panel, on) {
	const table = makeTable(panel, item => on.worker(item.index));
	const choices = mountReplace(panel);

	return snapshot => {
		choices();
		return fill(table, snapshot);
	};
}
