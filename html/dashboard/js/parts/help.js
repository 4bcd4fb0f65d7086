/*
 * What the keys do, and how to filter.
 */

import { make, makeDialog } from '../app.js';

const keys = [
	['1 – 5', 'range: 30 s to 7 days'],
	['p Space', 'pause, go on'],
	['[ ]', 'the mark before, after'],
	['m', 'draw a mark'],
	['c', 'cache on, off'],
	['t', 'start a test'],
	['/', 'filter'],
	['Esc', 'close, back from zoom'],
	['?', 'this page'],
];

/* Between backquotes is what is typed. */
const filters = [
	['status:5xx', 'or `status:404`'],
	['path:/api', 'in the path; so does a bare word'],
	['method:GET', ''],
	['client:127.', 'in the address'],
	['worker:1', ''],
	['min:10ms', 'took at least; `max:1s`'],
];

function pressed(names) {
	return names.split(' ').flatMap(name => [name === '–' ? name
		: make('kbd', { textContent: name }), ' ']);
}

function typed(text) {
	return text.split('`').map((textContent, i) => i % 2
		? make('code', { textContent }) : textContent);
}

function list(title, rows, term) {
	return make('section', {}, make('h3', { textContent: title }),
		make('dl', { className: 'keys' }, ...rows.flatMap(
			([name, words]) => [make('dt', {}, ...term(name)),
				make('dd', {}, ...typed(words))])));
}

const dialog = makeDialog('help', 'Help',
	make('div', { className: 'columns' },
		list('Keys', keys, pressed),
		list('Filter', filters, name => typed(`\`${name}\``))),
	make('p', { textContent: 'Drag over a chart to zoom all of them. ' +
		'Click a cell of the heatmap for the requests in it, a ' +
		'worker for its requests, a row for where its time went.' }));

export function show() {
	dialog.showModal();
}
