/*
 * A table whose rows are made once and filled again: sort by column,
 * keyboard (arrows, Home, End, Enter) where a row can be opened.
 *
 * A column: { key, label, title?, number?, value(item) for sorting,
 * text(item) or fill(cell, item) with an optional init(cell) }.
 */

import { attr, make, put, show } from './dom.js';
import { percent, status } from './format.js';

function compare(a, b) {
	if (typeof a === 'string' || typeof b === 'string')
		return String(a).localeCompare(String(b), 'en',
			{ numeric: true });
	/* what is unknown comes last, however it is sorted */
	return (a ?? -Infinity) - (b ?? -Infinity);
}

export class Table {
	#options;
	#rows = [];
	#items = [];
	#heads;
	#body;
	#empty;
	#sort = null;		/* [column, 1 or -1] */

	/**
	 * options: caption, columns, rows (the most shown), empty() (words
	 * if there are none), open(item) for a row, children(item), name(item)
	 * class of a row, sorted() called when the order changes.
	 */
	constructor(panel, options) {
		this.#options = options;
		this.#heads = options.columns.map(column =>
			this.#head(column));
		this.#body = make('tbody', { role: 'rowgroup' });
		this.#empty = make('p', { className: 'empty',
			textContent: 'loading …' });
		panel.append(make('div', { className: 'scroll',
			role: 'region', tabIndex: 0,
			'aria-label': options.caption },
			make('table', { role: 'table',
				className: options.className ?? '' },
				make('caption', { className: 'quiet',
					textContent: options.caption }),
				make('thead', { role: 'rowgroup' },
					make('tr', { role: 'row' },
						...this.#heads)),
				this.#body), this.#empty));
		if (options.open)
			this.#body.addEventListener('keydown',
				event => this.#key(event));
	}

	/** Is it in the order that items come in? */
	get natural() {
		return !this.#sort;
	}

	/** Fill it. Returns how many rows are shown. */
	update(items) {
		this.#items = items;
		return this.#show();
	}

	#head(column) {
		const button = make('button', { textContent: column.label,
			title: column.title ?? '' });

		button.addEventListener('click', () => this.#turn(column));
		return make('th', { role: 'columnheader', scope: 'col',
			className: `${column.number ? 'number ' : ''}` +
				`at-${column.key}` }, button);
	}

	/* Numbers: largest first, then smallest; texts the other way round;
	 * then as they come. */
	#turn(column) {
		const first = column.number ? -1 : 1;
		const [last, way] = this.#sort ?? [];

		this.#sort = last !== column ? [column, first]
			: way === first ? [column, -first] : null;
		this.#options.columns.forEach((one, i) => {
			const mine = this.#sort?.[0] === one;

			if (mine)
				attr(this.#heads[i], 'aria-sort',
					this.#sort[1] > 0 ? 'ascending'
						: 'descending');
			else
				this.#heads[i].removeAttribute('aria-sort');
		});
		this.#show();
		this.#options.sorted?.();
	}

	#ordered(items) {
		if (!this.#sort)
			return items;
		const [column, way] = this.#sort;

		return items.slice().sort((a, b) =>
			way * compare(column.value(a), column.value(b)));
	}

	#show() {
		const { rows: most = 50, children, empty } = this.#options;
		let items = this.#ordered(this.#items);

		if (children)
			items = items.flatMap(item => [item,
				...this.#ordered(children(item))]);
		const count = Math.min(items.length, most);

		while (this.#rows.length < count)
			this.#add();
		this.#shift(items);
		this.#rows.forEach((row, i) => {
			const item = i < count ? items[i] : null;

			show(row.node, i < count);
			if (item && item !== row.item)
				this.#fill(row, item);
			row.item = item;
		});
		/* one of them can be reached by Tab */
		if (this.#options.open && count > 0 &&
			!this.#rows.some(row => row.item &&
				row.node.tabIndex === 0)) {
			for (const row of this.#rows)
				row.node.tabIndex = -1;
			this.#rows[0].node.tabIndex = 0;
		}
		show(this.#empty, count === 0);
		put(this.#empty, empty());
		return count;
	}

	/* New ones at the top push the others down: these are not written
	 * anew, and the focus stays with its row. */
	#shift(items) {
		const first = this.#rows[0]?.item;
		const by = first ? items.indexOf(first) : 0;

		if (by <= 0 || by >= this.#rows.length)
			return;
		for (const row of this.#rows.splice(-by).reverse()) {
			this.#rows.unshift(row);
			this.#body.prepend(row.node);
		}
	}

	#add() {
		const { columns, open } = this.#options;
		const cells = columns.map(column => {
			const cell = make('td', { role: 'cell', className:
				`${column.number ? 'number ' : ''}` +
				`at-${column.key}` });

			column.init?.(cell);
			return cell;
		});
		const node = make('tr', { role: 'row' }, ...cells);
		const row = { node, cells, item: null };

		if (open) {
			node.tabIndex = this.#rows.length ? -1 : 0;
			node.addEventListener('click', () => {
				if (!getSelection().toString())
					open(row.item);
			});
		}
		this.#rows.push(row);
		this.#body.append(node);
	}

	#fill({ node, cells }, item) {
		const { columns, name } = this.#options;

		if (name && node.className !== name(item))
			node.className = name(item);
		columns.forEach((column, i) => {
			if (column.fill)
				column.fill(cells[i], item);
			else
				put(cells[i], column.text(item));
		});
	}

	#key(event) {
		const rows = this.#rows.filter(row => row.item);
		const at = rows.findIndex(row => row.node === event.target);
		const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0,
			End: rows.length - 1 }[event.key];

		if (at < 0)
			return;
		if (event.key === 'Enter') {
			this.#options.open(rows[at].item);
		} else if (to !== undefined && rows[to]) {
			rows[at].node.tabIndex = -1;
			rows[to].node.tabIndex = 0;
			rows[to].node.focus();
		} else if (to === undefined) {
			return;
		}
		event.preventDefault();
	}
}

/** Sum of numbers. */
export const sum = numbers => numbers.reduce((a, b) => a + b, 0);

/** A column of numbers. */
export function column(key, label, value, text, title) {
	return { key, label, title, number: true, value,
		text: item => text(value(item)) };
}

/** A cell with a bar; init and fill of a column. */
export function meter(cell) {
	cell.append(make('span'), make('div', { className: 'meter',
		'aria-hidden': 'true' }, make('span')));
}

/** even: a full one is nothing to worry about */
export function meterFill(cell, ratio, text, even = false) {
	const [label, box] = cell.children;
	const known = Number.isFinite(ratio);

	put(label, text ?? percent(ratio));
	box.className = !known ? 'meter' : even || ratio < 0.8 ? 'meter known'
		: ratio < 0.95 ? 'meter known high' : 'meter known full';
	box.firstChild.style.setProperty('width',
		`${known ? Math.min(100, ratio * 100).toFixed(1) : 0}%`);
}

/** Shape, code and word of a status, to be in a cell or elsewhere. */
export function chip(code) {
	const [cls, shape, words] = status(code);

	return make('span', { className: `chip c${cls}` },
		make('i', { 'aria-hidden': 'true', textContent: shape }),
		make('span', { textContent: words }));
}

/** Change what a chip says. */
export function chipSet(node, code) {
	const [cls, shape, words] = status(code);

	if (node.lastChild.textContent === words)
		return;
	node.className = `chip c${cls}`;
	node.firstChild.textContent = shape;
	node.lastChild.textContent = words;
}

/** Tabs as WAI-ARIA has them; select(name) with the id behind "tab-". */
export function tabs(section, select) {
	const list = [...section.querySelectorAll('[role=tab]')];

	function pick(tab, focus) {
		for (const one of list) {
			const mine = one === tab;

			attr(one, 'aria-selected', mine);
			one.tabIndex = mine ? 0 : -1;
			show(document.getElementById(
				one.getAttribute('aria-controls')), mine);
		}
		if (focus)
			tab.focus();
		select(tab.id.slice(4));
	}
	for (const tab of list) {
		tab.addEventListener('click', () => pick(tab));
		tab.addEventListener('keydown', event => {
			const shown = list.filter(one => !one.hidden);
			const i = shown.indexOf(tab);
			const to = { ArrowRight: i + 1, ArrowLeft: i - 1,
				Home: 0, End: -1 }[event.key];

			if (to === undefined)
				return;
			event.preventDefault();
			pick(shown.at(to % shown.length), true);
		});
	}
	return name => pick(list.find(tab => tab.id === `tab-${name}`) ??
		list[0]);
}
