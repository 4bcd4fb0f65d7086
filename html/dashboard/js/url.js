/*
 * The fragment of the address: tab, who, range, filter and zoom, so that a
 * view can be kept and given to others. Only what is not the default.
 */

const defaults = { tab: 'recent', who: 'servers', range: '30', filter: '',
	zoom: '' };
const state = { ...defaults };

function read() {
	const got = new URLSearchParams(location.hash.slice(1));

	for (const name of Object.keys(defaults))
		state[name] = got.get(name) ?? defaults[name];
	return state;
}

/** Keep a part of the view in the address. */
export function keep(name, value) {
	const parts = new URLSearchParams();

	state[name] = String(value);
	for (const [key, plain] of Object.entries(defaults))
		if (state[key] !== plain)
			parts.set(key, state[key]);
	history.replaceState(null, '', parts.size ? `#${parts}`
		: location.pathname);
}

/** The view of the address, now and when it is changed by hand. */
export function onView(apply) {
	addEventListener('hashchange', () => apply({ ...read() }));
	apply({ ...read() });
}
