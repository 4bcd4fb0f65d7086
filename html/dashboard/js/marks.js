/*
 * Marks on the charts: a dashed line and a flag with a letter, so that each
 * kind is known without colour.
 */

import { clock } from './format.js';
import { color, toPixels } from './plot.js';

const NEAR_PX = 7;

/* Letter, and in words. */
const kinds = {
	start: ['S', 'start'],
	stop: ['S', 'stop'],
	reload: ['R', 'reload'],
	reload_failed: ['F', 'reload failed'],
	crash: ['C', 'crash'],
	upgrade: ['U', 'upgrade'],
	cache_on: ['K', 'cache on'],
	cache_off: ['K', 'cache off'],
	cache_flush: ['K', 'cache flushed'],
	deploy: ['D', 'deploy'],
	test_start: ['T', 'test started'],
	test_end: ['T', 'test ended'],
	alert: ['A', 'alert'],
	log_level: ['L', 'log level'],
	drain: ['W', 'worker replaced'],
};
const bad = ['reload_failed', 'crash', 'alert'];

/** What a mark is about: "reload at 12:03:07". */
export function markText(mark) {
	return `${kinds[mark.kind]?.[1] ?? mark.kind} at ${clock(mark.ms)}`;
}

/* The time of load tests, behind the lines: from each start to the end after
 * it, or to the edge if that is not known. */
function drawTests(u, marks, xOf) {
	const { ctx, bbox: { left, top, width, height } } = u;
	const edge = left + width;
	let from = marks.find(mark => mark.kind.startsWith('test_'))?.kind ===
		'test_end' ? left : null;

	const fill = to => ctx.fillRect(Math.max(left, from), top,
		Math.min(edge, to) - Math.max(left, from), height);

	ctx.fillStyle = color('--requests');
	ctx.globalAlpha = 0.13;
	for (const { kind, ms } of marks) {
		if (kind === 'test_start')
			from ??= xOf(ms / 1000);
		if (kind !== 'test_end' || from === null)
			continue;
		fill(xOf(ms / 1000));
		from = null;
	}
	if (from !== null)
		fill(edge);
	ctx.globalAlpha = 1;
}

/** Draw them over a plot. Where flags would cover each other, the newest. */
export function drawMarks(u, marks) {
	const { ctx, bbox: { left, top, width, height } } = u;
	const ratio = devicePixelRatio, size = 13 * ratio;
	const xOf = toPixels(u, 'x');
	let free = Infinity;

	ctx.save();
	drawTests(u, marks, xOf);
	ctx.lineWidth = ratio;
	ctx.setLineDash([3 * ratio, 3 * ratio]);
	ctx.font = `bold ${9 * ratio}px system-ui, sans-serif`;
	ctx.textAlign = 'center';
	ctx.textBaseline = 'middle';
	for (const mark of marks.toReversed()) {
		const x = Math.round(xOf(mark.ms / 1000)) + 0.5;
		const tone = color(bad.includes(mark.kind) ? '--server'
			: '--muted');

		if (x < left || x > left + width)
			continue;
		ctx.strokeStyle = ctx.fillStyle = tone;
		ctx.beginPath();
		ctx.moveTo(x, top);
		ctx.lineTo(x, top + height);
		ctx.stroke();
		if (x + size / 2 > free)
			continue;
		free = x - size / 2 - ratio;
		ctx.fillRect(x - size / 2, top - size, size, size);
		ctx.fillStyle = color('--panel');
		ctx.fillText(kinds[mark.kind]?.[0] ?? '•', x,
			top - size / 2 + ratio / 2);
	}
	ctx.restore();
}

/** The mark at so many CSS pixels from the left, if there is one. */
export function markAt(u, marks, left) {
	let best = null, distance = NEAR_PX;

	for (const mark of marks) {
		const off = Math.abs(u.valToPos(mark.ms / 1000, 'x') - left);

		if (off <= distance) {
			best = mark;
			distance = off;
		}
	}
	return best;
}
