/*
 * The theme, set before the first paint: the system's unless the reader
 * chose one. What draws on canvases watches data-theme of the root element.
 */
'use strict';

(() => {
	const key = 'ringmaster-theme';
	const order = ['system', 'dark', 'light'];
	const light = matchMedia('(prefers-color-scheme: light)');
	let choice = 'system';

	function apply() {
		document.documentElement.dataset.theme = choice !== 'system'
			? choice : light.matches ? 'light' : 'dark';
	}

	function label(button) {
		button.setAttribute('aria-label', `Theme: ${choice}`);
		button.title = `Theme: ${choice}`;
	}

	try {
		const kept = localStorage.getItem(key);

		if (order.includes(kept))
			choice = kept;
	} catch {
		/* no storage: not remembered */
	}
	apply();
	light.addEventListener('change', apply);
	document.addEventListener('DOMContentLoaded', () => {
		const button = document.getElementById('theme');

		if (!button)
			return;		/* a plain page */
		label(button);
		button.addEventListener('click', () => {
			choice = order[(order.indexOf(choice) + 1) %
				order.length];
			try {
				localStorage.setItem(key, choice);
			} catch {
				/* as above */
			}
			apply();
			label(button);
		});
	});
})();
