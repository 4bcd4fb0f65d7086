/*
 * The page: what begins when it is loaded.
 */

const state = document.getElementById('state');

/* Show whether the server is well. */
async function showHealth() {
	let up = false;

	try {
		up = (await fetch('/healthz')).ok;
	} catch {
		/* nobody answers: it is down */
	}
	state.dataset.state = up ? 'up' : 'down';
	state.textContent = up ? 'healthy' : 'server down';
}

showHealth();
