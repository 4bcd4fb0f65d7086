/*
 * What all charts over time have in common: colours from the style sheet,
 * paths that keep gaps (NaN) and draw no more than the pixels can show, axes
 * with units, and fills that differ by more than colour. uPlot does the rest.
 */

import { secondsParts } from './format.js';

/* ---- colours ---- */

const colors = new Map(), patterns = new Map();

/** A colour of the style sheet, such as "--text". */
export function color(name) {
	if (!colors.has(name))
		colors.set(name, getComputedStyle(document.documentElement)
			.getPropertyValue(name).trim() || '#888888');
	return colors.get(name);
}

/** Call fn when the theme has changed; colours are read anew before. */
export function onTheme(fn) {
	const changed = () => {
		colors.clear();
		patterns.clear();
		fn();
	};

	new MutationObserver(changed).observe(document.documentElement,
		{ attributeFilter: ['data-theme'] });
	for (const query of ['(prefers-color-scheme: light)',
		'(prefers-contrast: more)', '(forced-colors: active)'])
		matchMedia(query).addEventListener('change', changed);
}

/** The colour #RRGGBB, so strong: 0 to 1. */
export function faded(hex, strength) {
	return hex + Math.round(strength * 255).toString(16).padStart(2, '0');
}

const TONE = 0.33;

/* Strokes in a tile of 8 by 8, each x y x y. */
const hatches = {
	dots: [[1.5, 2, 2.5, 2], [5.5, 6, 6.5, 6]],
	rising: [[-2, 6, 6, -2], [2, 10, 10, 2]],
	cross: [[-2, 6, 6, -2], [2, 10, 10, 2], [-2, 2, 6, 10],
		[2, -2, 10, 6]],
	upright: [[2, -1, 2, 9], [6, -1, 6, 9]],
};

/** What to fill with: a weak tone of the colour, and a hatch over it if there
 * is a name of one. A plain one is cheaper. */
export function pattern(ctx, hex, hatch) {
	if (!hatch)
		return faded(hex, TONE);
	const key = `${hex} ${hatch} ${devicePixelRatio}`;

	if (!patterns.has(key))
		patterns.set(key, ctx.createPattern(tileOf(hex, hatch),
			'repeat'));
	return patterns.get(key);
}

function tileOf(hex, hatch) {
	const tile = document.createElement('canvas');
	const ratio = Math.max(1, Math.round(devicePixelRatio));
	const pen = tile.getContext('2d');

	tile.width = tile.height = 8 * ratio;
	pen.scale(ratio, ratio);
	pen.fillStyle = faded(hex, TONE);
	pen.fillRect(0, 0, 8, 8);
	pen.strokeStyle = hex;
	pen.lineWidth = hatch === 'dots' ? 1.6 : 1.1;
	pen.beginPath();
	for (const [x, y, toX, toY] of hatches[hatch]) {
		pen.moveTo(x, y);
		pen.lineTo(toX, toY);
	}
	pen.stroke();
	return tile;
}

/* Sizes of canvases: to ask for one makes the browser lay out the page. */
const sizes = new WeakMap();
const sizer = new ResizeObserver((entries) => {
	for (const { target, contentRect } of entries)
		sizes.set(target, contentRect);
});

/** A canvas as large as its box; its context in CSS pixels, emptied. */
export function prepare(canvas) {
	if (!sizes.has(canvas)) {
		sizes.set(canvas, { width: canvas.clientWidth,
			height: canvas.clientHeight });
		sizer.observe(canvas);
	}
	const { width, height } = sizes.get(canvas);
	const ratio = devicePixelRatio;
	const ctx = canvas.getContext('2d');
	const w = Math.round(width * ratio), h = Math.round(height * ratio);

	if (canvas.width !== w || canvas.height !== h) {
		canvas.width = w;
		canvas.height = h;
	}
	ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
	ctx.clearRect(0, 0, width, height);
	return { ctx, width, height };
}

/* ---- paths ---- */

/** Of a scale of uPlot: pixels of a value. */
export function toPixels(u, key) {
	const { min, max, distr, ori } = u.scales[key];
	const { left, top, width, height } = u.bbox;
	const of = distr === 3 ? Math.log : (value) => value;
	const lo = of(min), unit = (ori ? height : width) / (of(max) - lo);

	return ori ? (value) => top + height - (of(value) - lo) * unit
		: (value) => left + (value - lo) * unit;
}

/* What uPlot wants of a path builder. */
function paths(stroke, fill) {
	return { stroke, fill, clip: null, band: null, gaps: null, flags: 1 };
}

/** A line from point to point; of those in one pixel the extremes. A point
 * between gaps is a dash. With `fill` the area under it, too. */
export function linePath(u, at, first, last) {
	const xs = u.data[0], ys = u.data[at], series = u.series[at];
	const xOf = toPixels(u, 'x'), yOf = toPixels(u, series.scale);
	const stroke = new Path2D(), area = series.area ? new Path2D() : null;
	const bottom = u.bbox.top + u.bbox.height;
	let column = -1, x = 0, start = NaN, lo = 0, hi = 0, end = 0;

	function flush() {
		if (column < 0)
			return;
		if (start !== start) {
			start = x;
			stroke.moveTo(x, yOf(end));
			area?.moveTo(x, bottom);
		}
		for (const y of lo < hi ? [lo, hi, end] : [end]) {
			stroke.lineTo(x, yOf(y));
			area?.lineTo(x, yOf(y));
		}
		column = -1;
	}
	function close() {
		flush();
		if (x === start)
			stroke.lineTo(x + 2 * devicePixelRatio, yOf(end));
		if (start === start)
			area?.lineTo(x, bottom);
		start = NaN;
	}
	for (let i = Math.max(0, first - 1); i < xs.length && i <= last + 1;
		i++) {
		const y = ys[i], at = Math.floor(xOf(xs[i]));

		if (y !== y) {
			close();
			continue;
		}
		if (at !== column) {
			flush();
			column = at;
			x = xOf(xs[i]);
			lo = hi = y;
		}
		lo = Math.min(lo, y);
		hi = Math.max(hi, y);
		end = y;
	}
	close();
	return paths(stroke, area);
}

/** A layer of a stack, between the series before it and its own: means of
 * the points in a pixel. Its line is drawn where there is something. */
export function layerPath(u, at, first, last) {
	const xs = u.data[0], ys = u.data[at];
	const below = at > 1 ? u.data[at - 1] : null;
	const xOf = toPixels(u, 'x'), yOf = toPixels(u, 'y');
	const stroke = new Path2D(), fill = new Path2D();
	const back = [];
	let drawn = false, open = false;

	function close() {
		while (back.length)
			fill.lineTo(...back.pop());
		open = drawn = false;
	}
	first = Math.max(0, first - 1);
	last = Math.min(xs.length - 1, last + 1);
	for (let i = first; i <= last;) {
		const x = xOf(xs[i]), column = Math.floor(x);
		let n = 0, sum = 0, sumBelow = 0;

		for (; i <= last && Math.floor(xOf(xs[i])) === column; i++) {
			if (ys[i] !== ys[i])
				continue;
			n++;
			sum += ys[i];
			sumBelow += below ? below[i] : 0;
		}
		if (!n) {
			close();
			continue;
		}
		const y = yOf(sum / n);
		const some = sum > sumBelow;

		fill[open ? 'lineTo' : 'moveTo'](x, y);
		back.push([x, yOf(sumBelow / n)]);
		if (some || drawn)
			stroke[drawn ? 'lineTo' : 'moveTo'](x, y);
		open = true;
		drawn = some;
	}
	close();
	return paths(stroke, fill);
}

/* ---- scales and axes ---- */

const STEPS = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/** From 0 to a round number above the largest, at least `least`. */
export function fromZero(arrays, least) {
	let max = least;

	for (const array of arrays)
		for (const value of array)
			if (value > max)
				max = value;
	max *= 1.05;
	const unit = 10 ** Math.floor(Math.log10(max));

	return [0, unit * STEPS.find((step) => step * unit >= max)];
}

/** Close around what there is: for counts that only grow. */
export function around(array) {
	let min = Infinity, max = -Infinity;

	for (const value of array) {
		min = value < min ? value : min;
		max = value > max ? value : max;
	}
	if (min > max)
		return [0, 10];
	const room = Math.max(5, (max - min) * 0.08);

	return [Math.max(0, min - room), max + room];
}

const DECADE = [1, 2, 5, 10];

/** On a log axis: from a round number below to one above. */
export function logRange(arrays) {
	let min = Infinity, max = 0;

	for (const array of arrays)
		for (const value of array) {
			if (value > 0 && value < min)
				min = value;
			if (value > max)
				max = value;
		}
	if (max === 0)
		return [1e-4, 1e-1];
	const low = 10 ** Math.floor(Math.log10(min * 0.95));
	const high = 10 ** Math.floor(Math.log10(max * 1.05));

	return [low * DECADE.findLast((step) => step * low <= min * 0.95),
		high * DECADE.find((step) => step * high >= max * 1.05)];
}

/** Ticks of a log axis: 1, 2 and 5 of each decade, or 1 of many. */
export function logSplits(u, axis, min, max) {
	const steps = max / min > 2e3 ? [1] : max / min > 120 ? [1, 3]
		: [1, 2, 5];
	const splits = [];

	for (let unit = 10 ** Math.floor(Math.log10(min)); unit <= max;
		unit *= 10)
		for (const step of steps)
			if (step * unit >= min * 0.999 &&
				step * unit <= max * 1.001)
				splits.push(step * unit);
	return splits;
}

/** A duration at a tick: "100 µs", "1 ms". */
export function secondsTick(s) {
	const [number, unit] = secondsParts(s * 1.0000001);

	return `${Number(number)} ${unit}`;
}

/** Numbers at ticks, `incr` apart, with the digits that this needs. */
export function countTicks(u, splits, at, space, incr) {
	const most = splits.at(-1);
	const [unit, letter] = most >= 1e6 ? [1e6, ' M']
		: most >= 1e4 ? [1e3, ' k'] : [1, ''];
	let digits = 0;

	while (digits < 6 && (incr / unit * 10 ** digits + 1e-6) % 1 > 1e-5)
		digits++;
	return splits.map((value) => value ? (value / unit).toFixed(digits) +
		letter : '0');
}

const two = (n) => String(n).padStart(2, '0');

/** Local times at the ticks; a date where a day begins. */
export function timeTicks(u, splits, axis, space, incr) {
	return splits.map((s) => {
		const t = new Date(s * 1000);

		if (incr >= 86400 || (t.getHours() === 0 &&
			t.getMinutes() === 0 && t.getSeconds() === 0))
			return t.toLocaleDateString('en-GB',
				{ day: 'numeric', month: 'short' });
		return `${two(t.getHours())}:${two(t.getMinutes())}` +
			(incr < 60 ? `:${two(t.getSeconds())}` : '');
	});
}

const FONT = '11px system-ui, "Segoe UI", "Noto Sans", sans-serif';

/** An axis of uPlot in our look; `more` overrides. */
export function axis(more) {
	return {
		font: FONT,
		stroke: () => color('--faint'),
		grid: { stroke: () => color('--line'), width: 1 },
		ticks: { show: false },
		gap: 6,
		space: 36,
		...more,
	};
}
