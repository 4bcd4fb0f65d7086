/*
 * The charts for those who do not see them or have no mouse: a sentence for
 * each, a cursor by keys, and the numbers as a table in pages.
 */

import { make, put } from './dom.js';
import { clock } from './format.js';

const PAGE = 20;
const names = { 30: '30 seconds', 300: '5 minutes', 3600: 'hour',
	86400: '24 hours', 604800: '7 days' };

/** "last 5 minutes", or from when to when. */
export function rangeText(store) {
	const { seconds, zoom } = store.range;

	return zoom ? `${clock(zoom[0] * 1000)} to ${clock(zoom[1] * 1000)}`
		: `last ${names[seconds] ?? `${seconds} seconds`}`;
}

/** "now 812, min 0, max 2,105 at 12:06:01" */
export function summary(times, values, format) {
	let min = Infinity, max = -Infinity, when = 0;

	for (let i = 0; i < values.length; i++) {
		min = values[i] < min ? values[i] : min;
		if (values[i] > max) {
			max = values[i];
			when = times[i];
		}
	}
	return min > max ? 'nothing recorded'
		: `now ${format(values.at(-1))}, min ${format(min)}, ` +
		`max ${format(max)} at ${clock(when * 1000)}`;
}

/**
 * The index that a key moves the cursor to, or -1 if it is no such key.
 * Without a cursor it begins at the newest.
 */
export function cursorKey(event, index, count) {
	if (event.ctrlKey || event.altKey || event.metaKey || count === 0)
		return -1;
	const from = index ?? count;
	const step = event.shiftKey ? 10 : 1;
	const to = { ArrowLeft: from - step, ArrowRight: from + step,
		Home: 0, End: count - 1 }[event.key];

	return to === undefined ? -1 : Math.max(0, Math.min(count - 1, to));
}

/**
 * A button that shows the numbers in a table, newest first, in pages.
 *
 * view: () => { head: [text], count, row(i): [text] }, i from 0, oldest
 *       first; `ordered`: as they are, not by time
 */
export class TableView {
	constructor(figure, title, view) {
		this.view = view;
		this.page = 0;
		this.button = make('button', { 'aria-expanded': 'false',
			className: 'as-table quietly',
			textContent: 'Show as table' });
		this.place = make('span');
		this.older = make('button', { textContent: 'Older' });
		this.newer = make('button', { textContent: 'Newer' });
		this.body = make('tbody');
		this.head = make('tr');
		const table = make('table', {}, make('thead', {}, this.head),
			this.body);

		this.pager = make('p', { className: 'pager' }, this.newer,
			this.place, this.older);
		this.box = make('div', { className: 'numbers', hidden: true },
			make('div', { className: 'scroll', tabIndex: 0,
				role: 'region',
				'aria-label': `${title}, numbers` }, table),
			this.pager);
		figure.append(this.box);
		this.button.addEventListener('click', () => this.toggle());
		this.older.addEventListener('click', () => this.turn(1));
		this.newer.addEventListener('click', () => this.turn(-1));
	}

	toggle() {
		this.box.hidden = !this.box.hidden;
		this.page = 0;
		this.button.setAttribute('aria-expanded', !this.box.hidden);
		put(this.button, this.box.hidden ? 'Show as table'
			: 'Hide table');
		this.draw();
	}

	turn(pages) {
		this.page += pages;
		this.draw();
	}

	/** Again, if it is open. */
	draw() {
		if (this.box.hidden)
			return;
		const { head, count, row, ordered } = this.view();
		const pages = Math.max(1, Math.ceil(count / PAGE));
		const rows = [];
		const cell = (text, at, scope) => make(scope ? 'th' : 'td', {
			textContent: text, className: at ? 'number' : '',
			...(scope && { scope }) });

		this.page = Math.min(this.page, pages - 1);
		const first = this.page * PAGE;

		for (let i = first; i < Math.min(count, first + PAGE); i++)
			rows.push(make('tr', {}, ...row(ordered ? i
				: count - 1 - i).map((text, at) =>
				cell(text, at, at ? '' : 'row'))));
		this.head.replaceChildren(...head.map((text, at) =>
			cell(text, at, 'col')));
		this.body.replaceChildren(...rows);
		put(this.place, `${this.page + 1} of ${pages}`);
		this.newer.disabled = this.page === 0;
		this.older.disabled = this.page === pages - 1;
		this.pager.hidden = pages === 1;
	}
}
