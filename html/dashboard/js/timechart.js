/*
 * A chart over the time of the store's window, drawn by uPlot. All share
 * cursor and zoom. Without a cursor the legend has the newest values.
 */

import { cursorKey } from './chart-a11y.js';
import { announce, attr, make, put } from './dom.js';
import { clock } from './format.js';
import { drawMarks, markAt, markText } from './marks.js';
import { Panel } from './panel.js';
import { axis, color, linePath, pattern, timeTicks } from './plot.js';

const DRAG_PX = 6;
const MOVE_PX = 2;		/* by less it is not drawn anew */
const STALE_S = 10;		/* the newest value is drawn by then */

/*
 * spec: {
 *   id, title,
 *   series: [{ label, tone, format, read(store), scale, width, dash, area,
 *       hatch, paths, value(store, i), quiet }]   quiet: not in the legend
 *   scales, axes: of uPlot, without x
 *   ranges(data): { scale: [min, max] }
 *   sentence()
 * }
 */
export class TimeChart extends Panel {
	constructor(section, store, spec, options) {
		super(section, store, spec.id, spec.title);
		this.spec = spec;
		this.options = options;
		this.ranges = {};
		this.drawn = { to: 0, width: 1 };
		this.dragged = false;
		this.legend = make('ul', { className: 'legend' });
		this.moment = make('time', { className: 'moment' });
		this.heading.after(this.moment);
		this.figure.insertBefore(this.legend, this.plot);
		this.#makeLegend();
		this.#makePlot();
		this.plot.tabIndex = 0;
		this.plot.addEventListener('keydown', (e) => this.key(e));
		this.plot.addEventListener('blur', () => this.#hideCursor());
	}

	#makeLegend() {
		for (const one of this.spec.series) {
			one.swatch = make('img', { className: 'swatch',
				alt: '' });
			one.name = make('span', { textContent: one.label });
			one.figure = make('b');
			if (!one.quiet)
				this.legend.append(make('li', {}, one.swatch,
					one.name, one.figure));
		}
	}

	#makePlot() {
		const { spec } = this;
		const scales = { x: { time: true } };

		for (const key of Object.keys(spec.scales))
			scales[key] = { ...spec.scales[key],
				range: () => this.ranges[key] ?? [1e-3, 1] };
		this.u = new uPlot({
			width: this.plot.clientWidth || 300,
			height: this.plot.clientHeight || 200,
			/* Half of the last tick's label ends behind the axis. */
			padding: [16, spec.axes.length > 1 ? 0 : 24, 0, 0],
			legend: { show: false },
			scales,
			axes: [axis({ values: timeTicks, space: 64, size: 26 }),
				...spec.axes],
			series: [{}, ...spec.series.map(this.#line)],
			cursor: this.#cursor(),
			hooks: {
				setCursor: [() => this.showValues()],
				setSelect: [() => this.#selected()],
				drawAxes: [() => this.under?.()],
				draw: [(u) => drawMarks(u, this.store.marks())],
			},
		}, [[], ...spec.series.map(() => [])], this.plot);
		this.u.over.addEventListener('mousedown', () => {
			this.dragged = true;
		});
		this.u.over.addEventListener('click', () => this.click());
		new ResizeObserver(() => {
			this.u.setSize({ width: this.plot.clientWidth,
				height: this.plot.clientHeight });
			this.draw(true);
		}).observe(this.plot);
	}

	#line(one) {
		return {
			scale: one.scale ?? 'y',
			auto: false,
			stroke: () => color(one.tone),
			fill: one.hatch === undefined ? one.fill : (u) =>
				pattern(u.ctx, color(one.tone), one.hatch),
			width: one.width ?? 1.5,
			dash: one.dash,
			area: Boolean(one.fill),
			paths: one.paths ?? linePath,
			points: { show: false },
		};
	}

	#cursor() {
		return {
			y: false,
			sync: { key: 'ringmaster', scales: ['x', null] },
			drag: { setScale: false, dist: DRAG_PX },
			points: { size: 7, width: 0 },
			dataIdx: (u, at, i) => at && Number.isNaN(u.data[at][i])
				? null : i,
			bind: { dblclick: () => () => this.store.unzoom() },
		};
	}

	#selected() {
		const { u } = this;
		const { left, width } = u.select;

		u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
		if (this.dragged && width >= DRAG_PX)
			this.store.zoom(u.posToVal(left, 'x'),
				u.posToVal(left + width, 'x'));
		this.dragged = false;
	}

	#hideCursor() {
		this.u.setCursor({ left: -10, top: -10 }, true, true);
	}

	click() {
		const mark = markAt(this.u, this.store.marks(),
			this.u.cursor.left);

		if (mark)
			this.options.onMark?.(mark);
		return Boolean(mark);
	}

	key(event) {
		const { u } = this;
		const i = cursorKey(event, u.cursor.idx, u.data[0].length);

		if (i < 0)
			return;
		event.preventDefault();
		u.setCursor({ left: u.valToPos(u.data[0][i], 'x'),
			top: u.over.clientHeight / 2 }, true, true);
		announce(this.spoken(i));
	}

	/** What is said of point i. */
	spoken(i) {
		const t = this.u.data[0][i] * 1000;
		const { step } = this.store.window();
		const near = this.store.marks().filter((mark) =>
			mark.ms > t - step * 1000 && mark.ms <= t);

		return `${clock(t)}: ` + [...this.#shown().map((one) =>
			`${one.name.textContent} ${this.#text(one, i)}`),
		...near.map(markText)].join(', ');
	}

	/* The series of the legend. */
	#shown() {
		return this.spec.series.filter((one) => !one.quiet);
	}

	#text(one, i) {
		const at = this.spec.series.indexOf(one) + 1;

		return one.format(one.value ? one.value(this.store, i)
			: this.u.data[at][i]);
	}

	/** Put the values at the cursor into the legend. */
	showValues() {
		const { u } = this;
		const i = u.cursor.left >= 0 ? u.cursor.idx : null;
		const last = u.data[0].length - 1;

		for (const one of this.#shown())
			put(one.figure, last < 0 ? ''
				: this.#text(one, i ?? last));
		put(this.moment, i === null || last < 0 ? ''
			: clock(u.data[0][i] * 1000));
	}

	/* Is there something to draw? Not if it hardly moves. */
	#due() {
		const { from, to } = this.store.window();
		const moved = to - this.drawn.to;

		return moved < 0 || moved >= STALE_S ||
			moved * this.drawn.width >= MOVE_PX * (to - from);
	}

	paint(all) {
		const { store, spec, u } = this;
		const { from, to, step } = store.window();

		if (!all && !this.#due())
			return;
		this.prepare?.(all);
		this.drawn = { to, width: u.bbox.width / devicePixelRatio };
		const data = [store.times(),
			...spec.series.map((one) => one.read(store))];

		this.ranges = spec.ranges(data);
		this.#thin((to - from) / step > this.drawn.width);
		u.batch(() => {
			u.setData(data, false);
			u.setScale('x', { min: from + step / 2,
				max: Math.max(to, from + 1) + step / 2 });
		});
		this.showValues();
		if (all)
			this.#shown().forEach((one) => this.#swatch(one));
	}

	/* Lines of more points than pixels are thin, or they are a blot. */
	#thin(dense) {
		this.spec.series.forEach((one, i) => {
			this.u.series[i + 1].width = dense ? 1
				: one.width ?? 1.5;
		});
	}

	/* The sample in the legend: as the series is drawn. An image, as a
	 * canvas in the page is a layer, and so is all text above it. */
	#swatch(one) {
		const ratio = devicePixelRatio;
		const canvas = make('canvas', { width: 16 * ratio,
			height: 12 * ratio });
		const { width, height } = canvas;
		const ctx = canvas.getContext('2d');

		ctx.strokeStyle = color(one.tone);
		ctx.lineWidth = (one.width ?? 1.5) * ratio;
		if (one.hatch === undefined) {
			ctx.setLineDash((one.dash ?? []).map((n) => n * ratio));
			ctx.beginPath();
			ctx.moveTo(0, height / 2);
			ctx.lineTo(width, height / 2);
			ctx.stroke();
		} else {
			ctx.fillStyle = pattern(ctx, color(one.tone),
				one.hatch);
			ctx.fillRect(0, 0, width, height);
			ctx.strokeRect(0, 0, width, height);
		}
		attr(one.swatch, 'src', canvas.toDataURL());
	}

	/** Change what a series is called. */
	rename(one, label) {
		put(one.name, label);
	}

	sentence() {
		const { store } = this;
		const marks = store.marks().slice(-5).map(markText);

		return [this.spec.sentence(store), ...marks].join('; ');
	}

	numbers() {
		const { store } = this;
		const shown = this.#shown();
		const times = store.times();

		return {
			head: ['Time', ...shown.map((one) =>
				one.name.textContent)],
			count: times.length,
			row: (i) => [clock(times[i] * 1000),
				...shown.map((one) => one.format(one.value
					? one.value(store, i)
					: one.read(store)[i]))],
		};
	}
}
