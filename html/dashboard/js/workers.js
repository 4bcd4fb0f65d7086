/*
 * The workers side by side: the last minute's requests a second of each on
 * one scale, how it is doing, and how evenly the load is spread.
 */

import { make, put, show } from './dom.js';
import { count, percent, rate, seconds } from './format.js';
import { Panel } from './panel.js';
import { color, faded, prepare } from './plot.js';
import { balance } from './store.js';

const EVEN = 0.9;		/* balance below it is worth a word */
const ENOUGH = 100;		/* requests of all, to speak of balance */
const SKEWED = 1.5;		/* times the mean */
const LAG_S = 0.01;		/* a loop is slow */

/* Places of the numbers in a row of the frame, until the catalogue came. */
const columns = ['index', 'pid', 'state', 'connections', 'requests_per_s',
	'p99_s', 'lag_p99_s', 'ring_inflight', 'pool_busy', 'pool_queued',
	'cpu_ratio', 'rss_bytes', 'stalls_total'];

const figures = [
	['p99', 'p99_s', seconds],
	['lag', 'lag_p99_s', seconds],
	['cpu', 'cpu_ratio', percent],
	['conns', 'connections', count],
	['ring', 'ring_inflight', count],
	['pool', 'pool_queued', count],
];
const help = {
	p99: 'Latency, 99th percentile', lag: 'Loop lag, 99th percentile',
	conns: 'Connections',
	ring: 'Operations in flight', pool: 'Tasks that wait for a thread',
	cpu: 'Of one processor core',
};

export class WorkerChart extends Panel {
	#tiles = [];

	constructor(section, store, options) {
		super(section, store, 'workers', 'Workers');
		this.options = options;
		this.plot.className = 'balance';
		this.index = make('b');
		this.word = make('span');
		this.shown = make('span', { className: 'shown' });
		this.plot.append('balance ', this.index, ' ', this.word,
			this.shown);
		this.list = make('ul', { className: 'workers' });
		this.figure.insertBefore(this.list, this.plot.nextSibling);
	}

	/* The workers of the last frame, as objects. */
	#workers() {
		const names = this.store.catalogue.worker_columns ?? columns;

		return (this.store.last?.w ?? []).map((row) =>
			Object.fromEntries(names.map((name, i) =>
				[name, row[i]])));
	}

	#tile() {
		const tile = { name: make('b'), rate: make('span',
			{ className: 'rate' }), note: make('em'),
		spark: make('canvas', { 'aria-hidden': 'true' }), values: [] };
		const list = make('span', { className: 'few' });

		for (const [label] of figures) {
			const value = make('b');

			list.append(make('span', { title: help[label] },
				`${label} `, value));
			tile.values.push(value);
		}
		tile.button = make('button', { type: 'button' },
			make('span', { className: 'name' }, tile.name,
				tile.note, tile.rate), tile.spark, list);
		tile.button.addEventListener('click', () =>
			this.options.onWorker?.(tile.index));
		tile.item = make('li', {}, tile.button);
		this.list.append(tile.item);
		return tile;
	}

	/* What is the matter with a worker, in a word. */
	#trouble(worker, mean, even) {
		if (worker.state !== 'running')
			return worker.state;
		if (!even && worker.sum > SKEWED * mean)
			return 'most of the load';
		return worker.lag_p99_s > LAG_S ? 'slow loop' : '';
	}

	/* How even the last minute was. */
	#summary() {
		const workers = this.#workers();
		let sum = 0;

		for (const one of workers) {
			one.recent = this.store.workerRecent(one.index);
			one.sum = one.recent.reduce((all, rate) =>
				all + (rate || 0), 0);
			sum += one.sum;
		}
		const sums = workers.filter((one) => one.state === 'running')
			.map((one) => one.sum);
		const index = sum < ENOUGH ? NaN : balance(sums);

		return { workers, index, even: !(index < EVEN),
			mean: sum / workers.length,
			all: this.store.last?.w_all ?? workers.length };
	}

	paint(everything) {
		if (this.store.paused && !everything)
			return;
		const { workers, index, even, mean, all } = this.#summary();
		let most = 1;

		for (const { recent } of workers)
			for (const value of recent)
				most = value > most ? value : most;
		put(this.index, index >= 0 ? index.toFixed(2) : '–');
		put(this.word, !(index >= 0) ? '' : even ? 'even' : 'skewed');
		this.plot.classList.toggle('skewed', !even);
		put(this.shown, all > workers.length
			? `${workers.length} of ${all}` : '');
		while (this.#tiles.length < workers.length)
			this.#tiles.push(this.#tile());
		this.#tiles.forEach((tile, i) => {
			show(tile.item, i < workers.length);
			if (i < workers.length)
				this.#fill(tile, workers[i], most,
					this.#trouble(workers[i], mean, even));
		});
	}

	#fill(tile, worker, most, trouble) {
		tile.index = worker.index;
		put(tile.name, `Worker ${worker.index}`);
		put(tile.note, trouble);
		put(tile.rate, `${rate(worker.requests_per_s)}/s`);
		tile.button.classList.toggle('trouble', trouble !== '');
		tile.button.title = `pid ${worker.pid}: its requests`;
		figures.forEach(([, name, format], i) =>
			put(tile.values[i], format(worker[name])));
		this.#spark(tile.spark, worker.recent, most);
	}

	#spark(canvas, values, most) {
		const { ctx, width, height } = prepare(canvas);
		const wide = width / values.length;

		ctx.fillStyle = faded(color('--requests'), 0.25);
		ctx.strokeStyle = color('--requests');
		ctx.lineWidth = 1.25;
		ctx.beginPath();
		values.forEach((value, i) => {
			const tall = value / most * (height - 2);

			if (value !== value)
				return;
			ctx.fillRect(i * wide, height - tall, wide + 0.5, tall);
			ctx[values[i - 1] >= 0 ? 'lineTo' : 'moveTo'](i * wide,
				height - tall);
			ctx.lineTo((i + 1) * wide, height - tall);
		});
		ctx.stroke();
	}

	sentence() {
		const { workers, index, even, all } = this.#summary();

		return `Workers: ${all}, balance ${index >= 0
			? `${index.toFixed(2)}, ${even ? 'even' : 'skewed'}`
			: 'not known'}; ${workers.map((one) =>
			`worker ${one.index} ${rate(one.requests_per_s)} ` +
			'requests per second').join('; ')}`;
	}

	numbers() {
		const { workers } = this.#summary();

		return { head: ['Worker', 'pid', 'State',
			'Requests/s', ...figures.map(([label]) => label)],
		count: workers.length, ordered: true,
		row: (i) => [workers[i].index, workers[i].pid, workers[i].state,
			rate(workers[i].requests_per_s),
			...figures.map(([, name, format]) =>
				format(workers[i][name]))] };
	}
}
