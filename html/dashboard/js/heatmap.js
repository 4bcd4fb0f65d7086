/*
 * The latency heatmap: a column for each step, a row for each band of
 * latency, the colour says how many requests, on a log ramp. A pixel a cell
 * is kept in an image; when the window moves on, it is shifted and only the
 * new columns are made.
 */

import { rangeText } from './chart-a11y.js';
import { make, put, show } from './dom.js';
import { clock, count, seconds } from './format.js';
import { axis, color, onTheme, secondsTick, toPixels } from './plot.js';
import { TimeChart } from './timechart.js';

const ROWS = 64;
const SNAP = 5;			/* rows: half a decade */
const ROWS_MIN = 3 * SNAP;
const SHADES = 256;
const STOPS = ['--panel', '--heat-1', '--heat-2', '--heat-3', '--heat-4',
	'--heat-5'];

function rgb(hex) {
	return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/* Colours of 0 to SHADES - 1, as the words of an image; .ramp shows them. */
function ramp() {
	const stops = STOPS.map((name) => rgb(color(name)));
	const words = new Uint32Array(SHADES);

	for (let i = 1; i < SHADES; i++) {
		/* one request is seen already */
		const share = 0.12 + 0.88 * i / (SHADES - 1);
		const at = share * (stops.length - 1);
		const low = Math.min(Math.floor(at), stops.length - 2);
		const [r, g, b] = stops[low].map((c, k) => Math.round(c +
			(stops[low + 1][k] - c) * (at - low)));

		words[i] = 0xff000000 | b << 16 | g << 8 | r;
	}
	return words;
}

/* The least power of two that is not less. */
function ceiling(n) {
	return 2 ** Math.ceil(Math.log2(Math.max(n, 4)));
}

export class HeatChart extends TimeChart {
	#canvas = document.createElement('canvas');
	#image = null;
	#pixels = null;
	#done = {};		/* of what the image is */
	#ramp = null;
	#rows = [10, 40];	/* shown: from, to */
	#most = 4;		/* requests of the strongest colour */

	constructor(section, store, options) {
		super(section, store, {
			id: 'heatmap',
			title: 'Latency heatmap',
			series: [{ label: '', tone: '--text', quiet: true,
				read: () => store.data('requests'),
				paths: () => null }],
			scales: { y: {} },
			axes: [axis({ scale: 'y', size: 62,
				grid: { show: false },
				splits: () => this.#splits(),
				values: (u, splits) => splits.map((row) =>
					secondsTick(this.#secondsOf(row))) })],
			ranges: () => ({ y: this.#rows }),
			sentence: () => this.#words(),
		}, options);
		this.most = make('span');
		this.says = make('li');
		this.legend.append(this.says, make('li', {},
			make('span', { textContent: '1' }),
			make('i', { className: 'ramp' }), this.most));
		this.cell = make('div', { className: 'cell', hidden: true });
		this.u.over.append(this.cell);
		onTheme(() => {
			this.#ramp = null;
		});
	}

	/* Rows are of equal height: row r is from r to r + 1. */
	#secondsOf(row) {
		return this.#edges()[0] * 10 ** ((row - 1) / 10);
	}

	#edges() {
		const { heat_edges: edges } = this.store.catalogue;

		return edges.length ? edges : [1e-5];
	}

	#splits() {
		const [low, high] = this.#rows;
		const splits = [];

		for (let row = 1; row <= ROWS; row += 10)
			for (const step of high - low > 25 ? [1] : [1, 2, 5]) {
				const at = row + 10 * Math.log10(step);

				if (at >= low && at <= high)
					splits.push(at);
			}
		return splits;
	}

	/* Which rows have something, and how much the fullest cell has. */
	#measure({ counts, count: columns }) {
		let low = ROWS, high = 0, most = 0;

		for (let i = 0; i < columns * ROWS; i++) {
			const n = counts[i], row = i % ROWS;

			if (!n)
				continue;
			low = row < low ? row : low;
			high = row > high ? row : high;
			most = n > most ? n : most;
		}
		if (low > high)
			[low, high] = this.#rows;
		low = Math.floor((low - 1) / SNAP) * SNAP + 1;
		high = Math.ceil(high / SNAP) * SNAP + 1;
		low = Math.max(0, Math.min(low, high - ROWS_MIN));
		this.#rows = [low, Math.max(high, low + ROWS_MIN)];
		this.#most = ceiling(most);
	}

	/* Make columns from `first` on. */
	#columns(heat, first) {
		const { counts, known, count: columns } = heat;
		const scale = (SHADES - 1) / Math.log2(1 + this.#most);
		const unknown = 0x28000000 | rgb(color('--faint'))
			.reduce((word, c, k) => word | c << 8 * k, 0);

		for (let column = first; column < columns; column++) {
			const empty = known[column] ? 0 : unknown;

			for (let row = 0; row < ROWS; row++) {
				const n = counts[column * ROWS + row];
				const at = (ROWS - 1 - row) * columns + column;

				this.#pixels[at] = n ? this.#ramp[Math.ceil(
					Math.log2(1 + n) * scale)] : empty;
			}
		}
	}

	#render(all) {
		const heat = this.store.heat();
		const { from, step, count: columns } = heat;
		const done = this.#done;

		if (!columns)
			return;
		this.#measure(heat);
		this.#ramp ??= ramp();
		const shift = (from - done.from) / step;

		if (done.columns !== columns) {
			this.#canvas.width = columns;
			this.#canvas.height = ROWS;
			this.#image = new ImageData(columns, ROWS);
			this.#pixels = new Uint32Array(this.#image.data.buffer);
		}
		if (!all && shift >= 0 && shift < columns &&
			done.columns === columns && done.step === step &&
			done.most === this.#most) {
			this.#pixels.copyWithin(0, shift);
			this.#columns(heat, columns - shift - 1);
		} else {
			this.#columns(heat, 0);
		}
		this.#done = { from, step, columns, most: this.#most };
		this.#canvas.getContext('2d').putImageData(this.#image, 0, 0);
	}

	/* Called by uPlot between the axes and the marks. */
	under() {
		const { u } = this;
		const { from, step, columns } = this.#done;
		const { left, top, width, height } = u.bbox;
		const half = this.store.window().step / 2;
		const xOf = toPixels(u, 'x'), [low, high] = this.#rows;

		if (!columns)
			return;
		const start = xOf(from + half);

		u.ctx.save();
		u.ctx.beginPath();
		u.ctx.rect(left, top, width, height);
		u.ctx.clip();
		u.ctx.imageSmoothingEnabled = false;
		u.ctx.drawImage(this.#canvas, 0, ROWS - high, columns,
			high - low, start, top,
			xOf(from + columns * step + half) - start, height);
		u.ctx.restore();
	}

	prepare(all) {
		this.#render(all);
		put(this.most, `${count(this.#most)} requests`);
	}

	/* Of a time the column; -1 if there is none. */
	#columnOf(t) {
		const { from, step, count: columns } = this.store.heat();
		const column = Math.ceil((t - from) / step) - 1;

		return column < columns ? column : -1;
	}

	/* Of the cell at a column and row: when, what, how many. */
	#cellOf(column, row) {
		const { from, step, counts } = this.store.heat();
		const edges = this.#edges();

		return { from: from + column * step,
			to: from + (column + 1) * step,
			min: row > 0 ? edges[row - 1] : 0,
			max: edges[row] ?? Infinity,
			requests: counts[column * ROWS + row] };
	}

	#under(cursor) {
		const { u } = this;
		const column = cursor.idx === null || cursor.left < 0 ? -1
			: this.#columnOf(u.data[0][cursor.idx]);
		const row = Math.floor(u.posToVal(cursor.top, 'y'));

		return { column, row: row >= 0 && row < ROWS ? row : -1 };
	}

	#band({ min, max }) {
		return max === Infinity ? `over ${seconds(min)}`
			: `${min ? seconds(min) : '0'} – ${seconds(max)}`;
	}

	/* Of a column: how many requests, and the band of most. */
	#columnText(column) {
		const { counts, known } = this.store.heat();
		let sum = 0, best = 0;

		for (let row = 0; row < ROWS; row++) {
			const n = counts[column * ROWS + row];

			sum += n;
			best = n > counts[column * ROWS + best] ? row : best;
		}
		if (!known[column])
			return 'not recorded';
		return sum ? `${count(sum)} requests, most in ` +
			this.#band(this.#cellOf(column, best)) : 'no requests';
	}

	showValues() {
		const { column, row } = this.#under(this.u.cursor);
		const here = this.u.over.matches(':hover') && column >= 0 &&
			row >= 0;

		super.showValues();
		if (!this.says)
			return;		/* while it is made */
		if (here) {
			const cell = this.#cellOf(column, row);

			put(this.says, `${this.#band(cell)}: ` +
				`${count(cell.requests)} requests`);
			this.#frame(column, row);
		} else {
			const last = this.store.heat().count - 1;

			put(this.says, column >= 0 ? this.#columnText(column)
				: last >= 0 ? this.#columnText(last) : '');
		}
		show(this.cell, here);
	}

	/* A frame around the cell. */
	#frame(column, row) {
		const { from, to } = this.#cellOf(column, row);
		const half = this.store.window().step / 2;
		const left = this.u.valToPos(from + half, 'x');
		const top = this.u.valToPos(row + 1, 'y');
		const { style } = this.cell;

		style.left = `${left}px`;
		style.top = `${top}px`;
		style.width = `${this.u.valToPos(to + half, 'x') - left}px`;
		style.height = `${this.u.valToPos(row, 'y') - top}px`;
	}

	click() {
		const { column, row } = this.#under(this.u.cursor);

		if (!super.click() && column >= 0 && row >= 0)
			this.options.onHeatCell?.(this.#cellOf(column, row));
	}

	spoken(i) {
		const t = this.u.data[0][i];
		const column = this.#columnOf(t);

		return `${clock(t * 1000)}: ` +
			`${column < 0 ? 'nothing' : this.#columnText(column)}`;
	}

	#words() {
		const last = this.store.heat().count - 1;

		return `Latency heatmap, ${rangeText(this.store)}: ` +
			`${last < 0 ? 'nothing recorded'
				: `now ${this.#columnText(last)}`}, between ` +
			this.#rows.map((row) => seconds(this.#secondsOf(row)))
				.join(' and ');
	}

	numbers() {
		const { from, step, count: columns } = this.store.heat();

		return { head: ['Time', 'Requests'], count: columns,
			row: (i) => [clock((from + (i + 1) * step) * 1000),
				this.#columnText(i)] };
	}
}
