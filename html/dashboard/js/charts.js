/*
 * The charts: what each shows. They are drawn once a frame of the stream,
 * all in one animation frame.
 */

import { rangeText, summary } from './chart-a11y.js';
import { attr } from './dom.js';
import { count, rate, seconds } from './format.js';
import { HeatChart } from './heatmap.js';
import { memory } from './panel.js';
import { around, axis, color, countTicks, faded, fromZero, layerPath,
	logRange, logSplits, onTheme, secondsTick } from './plot.js';
import { StageChart } from './stages.js';
import { TimeChart } from './timechart.js';
import { WorkerChart } from './workers.js';

const CLIENTS_DASH = [], REQUESTS_DASH = [6, 3], GHOST_DASH = [2, 4];

/* A series that is the store's. */
function plain(name, label, tone, format, more) {
	return { label, tone, format, read: (store) => store.data(name),
		...more };
}

function perSecond(n) {
	return n >= 0 ? `${rate(n)}/s` : rate(n);
}

let nothing = new Float64Array(0);

function none(length) {
	if (nothing.length !== length)
		nothing = new Float64Array(length).fill(NaN);
	return nothing;
}

/* The same of yesterday; drawn if the store has it. */
function ghost(name, tone, scale) {
	const of = (store) => typeof name === 'string' ? name : name(store);

	return { quiet: true, tone, scale, width: 1, dash: GHOST_DASH,
		format: count, read: (store) => store.ghost(of(store)) ??
			none(store.times().length) };
}

/* ---- clients and requests ---- */

class TrafficChart extends TimeChart {
	constructor(section, store, options) {
		const clients = plain('active_clients', 'Active clients',
			'--clients', count, { dash: CLIENTS_DASH,
				fill: () => faded(color('--clients'), 0.1) });
		const requests = { label: '', tone: '--requests', scale: 'r',
			dash: REQUESTS_DASH,
			format: (n) => this.total ? count(n) : perSecond(n),
			read: (it) => it.data(this.#name()) };

		super(section, store, {
			id: 'traffic',
			title: 'Clients and requests',
			series: [clients, requests,
				ghost('active_clients', '--clients', 'y'),
				ghost(() => this.total ? '' : 'requests',
					'--requests', 'r')],
			scales: { y: {}, r: {} },
			axes: [axis({ scale: 'y', size: 46, values: countTicks,
				stroke: () => color('--clients') }),
			axis({ scale: 'r', side: 1, size: 64,
				values: countTicks, grid: { show: false },
				stroke: () => color('--requests') })],
			ranges: ([, people, rates, before, earlier]) => ({
				y: fromZero([people, before], 5),
				r: this.total ? around(rates)
					: fromZero([rates, earlier], 10) }),
			sentence: () => `Requests ${this.total ? 'in total'
				: 'per second'}, ${rangeText(store)}: ` +
				summary(store.times(), store.data(this.#name()),
					this.total ? count : rate) +
				'; active clients: ' + summary(store.times(),
				store.data('active_clients'), count),
		}, options);
		this.requests = requests;
		this.mode = this.toggle({ id: 'chart-requests-mode',
			textContent: 'Rate' }, false, () => this.#setTotal(
			!this.total));
		this.#setTotal(memory.get('requests') !== 'rate');
		this.yesterday = this.toggle({ textContent: 'Yesterday',
			title: 'The same time yesterday, dotted' }, false,
		() => store.setGhost(!store.ghostOn));
	}

	#name() {
		return this.total ? 'requests_total' : 'requests';
	}

	#setTotal(total) {
		this.total = total;
		memory.set('requests', total ? 'total' : 'rate');
		attr(this.mode, 'aria-pressed', !total);
		this.rename(this.requests, total ? 'Total requests (right)'
			: 'Requests (right)');
		this.draw(true);
	}

	paint(all) {
		this.yesterday.hidden = !this.store.ghostPossible;
		attr(this.yesterday, 'aria-pressed', this.store.ghostOn);
		super.paint(all);
	}
}

/* ---- latency ---- */

const percentiles = [
	['latency_p50', 'p50', [], 1.5],
	['latency_p90', 'p90', [6, 3], 1.5],
	['latency_p95', 'p95', [3, 3], 1.5],
	['latency_p99', 'p99', [], 2.25],
	['latency_p999', 'p99.9', [1.5, 3], 1.5],
];

function latencyChart(section, store, options) {
	const series = percentiles.map(([name, label, dash, width]) =>
		plain(name, label, `--${label.replace('.', '')}`, seconds,
			{ dash, width }));

	return new TimeChart(section, store, {
		id: 'latency',
		title: 'Latency percentiles',
		series: [...series, ghost('latency_p99', '--p99', 'y')],
		scales: { y: { distr: 3, log: 10 } },
		axes: [axis({ scale: 'y', size: 62, splits: logSplits,
			filter: (u, splits) => splits,
			values: (u, splits) => splits.map(secondsTick) })],
		ranges: ([, ...lines]) => ({ y: logRange(lines) }),
		sentence: () => `Latency, ${rangeText(store)}: ` +
			['p50', 'p99'].map((one) => `${one} ` + summary(
				store.times(), store.data(`latency_${one}`),
				seconds)).join('; '),
	}, options);
}

/* ---- responses by class ---- */

const classes = [
	['2xx', '2xx', '--ok', ''],
	['3xx', '3xx', '--moved', 'dots'],
	['4xx', '4xx', '--client', 'rising'],
	['5xx', '5xx', '--server', 'cross'],
	['aborted', 'aborted', '--aborted', 'upright'],
];

function statusChart(section, store, options) {
	const sums = [];

	/* Sum up to a class, of what is on top of the one below. */
	function stack(at) {
		const own = store.data(classes[at][0]);
		const below = at ? sums[at - 1] : null;

		if (sums[at]?.length !== own.length)
			sums[at] = new Float64Array(own.length);
		for (let i = 0; i < own.length; i++)
			sums[at][i] = own[i] + (below ? below[i] : 0);
		return sums[at];
	}
	return new TimeChart(section, store, {
		id: 'status',
		title: 'Responses per second',
		series: classes.map(([name, label, tone, hatch], at) => ({
			label, tone, hatch, width: 1, paths: layerPath,
			format: perSecond,
			read: () => stack(at),
			value: (it, i) => it.data(name)[i],
		})),
		scales: { y: {} },
		axes: [axis({ scale: 'y', size: 62, values: countTicks })],
		ranges: (data) => ({ y: fromZero([data.at(-1)], 10) }),
		sentence: () => `Responses per second, ${rangeText(store)}: ` +
			classes.map(([name, label]) => `${label} ` +
			`${summary(store.times(), store.data(name), rate)}`)
				.join('; '),
	}, options);
}

/* ---- all ---- */

/**
 * Put the charts into the section and keep them up to date.
 *
 * options: { onHeatCell({ from, to, min, max }), onWorker(index),
 *     onMark(mark) }; times in Unix seconds, latencies in seconds
 */
export function mountCharts(section, store, options = {}) {
	const panels = [
		new TrafficChart(section, store, options),
		latencyChart(section, store, options),
		statusChart(section, store, options),
		new HeatChart(section, store, options),
		new StageChart(section, store),
		new WorkerChart(section, store, options),
	];
	let waiting = false, all = false;

	function draw() {
		waiting = false;
		for (const panel of panels)
			panel.draw(all);
		all = false;
	}
	function schedule(everything) {
		all ||= everything;
		if (!waiting && !document.hidden)
			requestAnimationFrame(draw);
		waiting ||= !document.hidden;
	}
	store.on('frame', () => schedule(false));
	for (const event of ['boot', 'data', 'range', 'pause', 'marks'])
		store.on(event, () => schedule(true));
	document.addEventListener('visibilitychange', () => schedule(true));
	onTheme(() => schedule(true));
}
