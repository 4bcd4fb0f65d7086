/*
 * Parts of the page that no first view needs are modules of their own, in
 * parts/, loaded when they are first wanted. A part imports what it uses of
 * the page from ../app.js, which exports it, so that both share its state.
 */

import { setNote } from './status.js';

/**
 * A part, not loaded yet: part(() => import('./parts/NAME.js')). Returns a
 * function that calls what it is given with the module, once that is there,
 * and returns what comes of it, as a promise. If it cannot be loaded the page
 * says so, and the next call tries again.
 */
export function part(load) {
	let module = null;

	return async (use = () => {}) => {
		let loaded;

		try {
			loaded = await (module ??= load());
		} catch {
			module = null;
			setNote('This part of the page could not be loaded.');
			return undefined;
		}
		return use(loaded);
	};
}
