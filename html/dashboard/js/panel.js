/*
 * The frame of each chart: caption with its buttons, plot, sentence, table.
 * It is drawn when it can be seen and something changed.
 */

import { TableView } from './chart-a11y.js';
import { attr, make } from './dom.js';

const SENTENCE_MS = 5000;	/* a new one at most so often */
const TABLE_MS = 5000;
const TITLE_PX = 40;		/* of its height are not worth drawing */

/** Something the browser remembers for the user, if it may. */
export const memory = {
	get(name) {
		try {
			return localStorage.getItem(`ringmaster.${name}`);
		} catch {
			return null;
		}
	},
	set(name, value) {
		try {
			localStorage.setItem(`ringmaster.${name}`, value);
		} catch {
			/* then it is not remembered */
		}
	},
};

/** Derived classes have paint(all), sentence() and numbers(). */
export class Panel {
	#sentenceAt = -Infinity;
	#tableAt = -Infinity;

	constructor(section, store, id, title) {
		this.store = store;
		this.seen = false;
		this.heading = make('h2', { textContent: title });
		this.tools = make('span', { className: 'chart-tools' });
		this.plot = make('div', { className: 'plot', role: 'img',
			'aria-label': title });
		this.figure = make('figure', { className: 'chart',
			'data-chart': id }, make('figcaption', {}, this.heading,
			this.tools), this.plot);
		this.table = new TableView(this.figure, title,
			() => this.numbers());
		this.tools.append(this.table.button);
		section.append(this.figure);
		new IntersectionObserver((entries) => {
			this.seen = entries.at(-1).isIntersecting;
			this.draw(true);
		}, { rootMargin: `0px 0px -${TITLE_PX}px` }).observe(this.figure);
	}

	/** A button of two states among the tools. */
	toggle(properties, pressed, click) {
		const button = make('button', { className: 'quietly',
			'aria-pressed': pressed, ...properties });

		button.addEventListener('click', () => click(button));
		this.tools.insertBefore(button, this.table.button);
		return button;
	}

	/** all: more changed than that a second went by */
	draw(all) {
		const now = performance.now();

		if (!this.seen || document.hidden)
			return;
		this.paint(all);
		if (all || now - this.#tableAt > TABLE_MS) {
			this.#tableAt = now;
			this.table.draw();
		}
		if (all || now - this.#sentenceAt > SENTENCE_MS) {
			this.#sentenceAt = now;
			attr(this.plot, 'aria-label', this.sentence());
		}
	}
}
