/*
 * Requests to the server's API. An answer 401 goes to whoever listens with
 * onDenied().
 */

const TIMEOUT_MS = 5000;
let session = null;
let denied = () => {};

export function onDenied(fn) {
	denied = fn;
}

function lost() {
	throw Object.assign(new Error('The server does not answer.'),
		{ status: 0 });
}

async function ask(path, options) {
	const answer = await fetch(path, { credentials: 'same-origin',
		cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS),
		...options }).catch(lost);

	if (answer.ok)
		return answer.json().catch(lost);
	if (answer.status === 401)
		denied();
	const error = new Error(`The server answered ${answer.status}.`);

	error.status = answer.status;
	try {
		error.message = (await answer.json()).error.message;
	} catch {
		/* no JSON: the status has to do */
	}
	throw error;
}

/** GET; throws an Error with .status, 0 if there was no answer. */
export function get(path) {
	return ask(path, { headers: { Accept: 'application/json' } });
}

async function send(path, body) {
	session ??= await get('/api/v1/session').catch(error => {
		if (error.status === 404)
			return { auth: false };
		throw error;
	});
	const headers = { Accept: 'application/json',
		'Content-Type': 'application/json' };

	if (session.auth)
		headers['X-Ringmaster-Token'] = session.token;
	return ask(path, { method: 'POST', headers,
		body: JSON.stringify(body) });
}

/** POST JSON; a token that is too old is fetched anew, once. */
export async function post(path, body = {}) {
	try {
		return await send(path, body);
	} catch (error) {
		if (error.status !== 403 || !session?.auth)
			throw error;
		session = null;
		return send(path, body);
	}
}
