/*
 * Where time goes: of the stages of a request how long each takes, one after
 * the other, over the window.
 */

import { rangeText } from './chart-a11y.js';
import { attr, make, put, show } from './dom.js';
import { clock, percent, seconds } from './format.js';
import { Panel, memory } from './panel.js';

/* Name of the series, in words, and what it is. */
const stages = [
	['header', 'Header', 'waiting for the rest of the header'],
	['parse', 'Parse', 'reading the header'],
	['pool_wait', 'Pool wait', 'waiting for a thread'],
	['handler', 'Handler', 'making the answer'],
	['upstream', 'Upstream', 'waiting for another server'],
	['send', 'Send', 'handing it to the kernel'],
];

function mean(values) {
	let sum = 0, n = 0;

	for (const value of values)
		if (value === value) {
			sum += value;
			n++;
		}
	return n ? sum / n : NaN;
}

export class StageChart extends Panel {
	#which = memory.get('stages') === 'p99' ? 'p99' : 'p50';
	#rows = [];

	constructor(section, store) {
		super(section, store, 'stages', 'Where time goes');
		this.buttons = ['p50', 'p99'].map((which) => this.toggle(
			{ textContent: which }, which === this.#which,
			() => this.#choose(which)));
		this.plot.classList.add('stages');
		for (const [name, label, help] of stages) {
			const bar = make('i', { className: `stage-${name}` });
			const time = make('b'), share = make('span');

			this.plot.append(make('div', { title: help },
				make('span', { textContent: label }),
				make('span', { className: 'lane' }, bar), time,
				share));
			this.#rows.push({ bar, time, share });
		}
		this.sum = make('p', { className: 'note' });
		this.plot.append(this.sum);
	}

	#choose(which) {
		this.#which = which;
		memory.set('stages', which);
		for (const button of this.buttons)
			attr(button, 'aria-pressed',
				button.textContent === which);
		this.draw(true);
	}

	#series(name) {
		return this.store.data(`stage_${name}_${this.#which}`);
	}

	#means() {
		const means = stages.map(([name]) => mean(this.#series(name)));
		const sum = means.reduce((all, one) => all + (one || 0), 0);

		return { means, sum };
	}

	paint() {
		const { means, sum } = this.#means();
		let before = 0;

		means.forEach((time, i) => {
			const { bar, time: figure, share } = this.#rows[i];
			const part = sum ? (time || 0) / sum : 0;

			show(bar, part > 0);
			bar.style.left = `${before * 100}%`;
			bar.style.width = `${part * 100}%`;
			put(figure, seconds(time));
			put(share, sum ? percent(part) : '');
			before += part;
		});
		put(this.sum, sum ? `${seconds(sum)} in all: means of each ` +
			`second's ${this.#which}, ${rangeText(this.store)}`
			: 'Nothing recorded.');
	}

	sentence() {
		const { means, sum } = this.#means();

		return `Where time goes, ${this.#which}, ` +
			`${rangeText(this.store)}: ` + (sum
			? stages.map(([, label], i) => `${label} ` +
				`${seconds(means[i])}, ` +
				percent((means[i] || 0) / sum)).join('; ')
			: 'nothing recorded');
	}

	numbers() {
		const times = this.store.times();

		return { head: ['Time', ...stages.map(([, label]) => label)],
			count: times.length,
			row: (i) => [clock(times[i] * 1000),
				...stages.map(([name]) =>
					seconds(this.#series(name)[i]))] };
	}
}
