/*
 * The keyboard. Keys do nothing while something is typed, with a modifier,
 * or while a dialog is open.
 */

const typed = 'input, select, textarea, [contenteditable]';
const pressed = 'button, a, summary, [role=tab], tr[tabindex]';

/** actions: key -> function; 'Escape' gives way to what is open. */
export function mountKeys(actions) {
	document.addEventListener('keydown', event => {
		const { key, target } = event;

		if (event.defaultPrevented || event.ctrlKey || event.metaKey ||
			event.altKey || document.querySelector('dialog[open]'))
			return;
		if (target.matches(typed)) {
			if (key === 'Escape')
				target.blur();
			return;
		}
		if (key === ' ' && target.matches(pressed))
			return;
		if (Object.hasOwn(actions, key)) {
			event.preventDefault();
			actions[key]();
		}
	});
	document.addEventListener('click', ({ target }) => {
		if (target.matches('dialog'))
			target.close();		/* on the backdrop */
	});
}
