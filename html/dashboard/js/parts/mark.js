/*
 * The dialog that draws a mark on the charts.
 */

import { announce, make, makeDialog, post, put } from '../app.js';

const error = make('p', { className: 'error', role: 'alert' });
const text = make('input', { id: 'mark-text', maxLength: 95, required: true,
	autocomplete: 'off', autofocus: true });
const form = make('form', { id: 'mark-form' }, make('label', { for: text.id,
	textContent: 'What happened, such as a deploy' }), text, error,
make('button', { className: 'main', textContent: 'Draw it' }));
const dialog = makeDialog('mark', 'Draw a mark', form);

async function draw(event) {
	event.preventDefault();
	put(error, '');
	try {
		await post('/api/v1/marks', { text: text.value });
		text.value = '';
		dialog.close();
		announce('The mark is drawn.');
	} catch (failure) {
		put(error, failure.message);
	}
}

form.addEventListener('submit', draw);

export function ask() {
	dialog.showModal();
}
