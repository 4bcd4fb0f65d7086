/*
 * Small help with the document. What comes from outside gets into it only as
 * text.
 */

export const $ = id => document.getElementById(id);

/** A new element: properties, attributes with a dash or role, children. */
export function make(tag, properties = {}, ...children) {
	const node = document.createElement(tag);

	for (const [name, value] of Object.entries(properties)) {
		if (name === 'role' || name === 'for' || name.includes('-'))
			node.setAttribute(name, value);
		else
			node[name] = value;
	}
	node.append(...children);
	return node;
}

/** Set a node's text if it is another one: in the node that has it, as a new
 * one is laid out anew. */
export function put(node, text) {
	const { firstChild: first } = node;

	if (node.textContent === text)
		return;
	if (text && first?.nodeType === 3 && !first.nextSibling)
		first.data = text;
	else
		node.textContent = text;
}

/** Show or hide. */
export function show(node, yes) {
	if (node.hidden === yes)
		node.hidden = !yes;
}

/** Set an attribute if it is another one. */
export function attr(node, name, value) {
	if (node.getAttribute(name) !== String(value))
		node.setAttribute(name, value);
}

const SAY_MS = 2000;		/* polite announcements, at most one in */
let said = 0, timer = 0, waiting = '';

function speak() {
	timer = 0;
	said = Date.now();
	$('live').textContent = waiting;
}

/** Say it to those who listen; of several at once only the last. */
export function announce(text) {
	waiting = text;
	if (!timer)
		timer = setTimeout(speak,
			Math.max(50, said + SAY_MS - Date.now()));
}

/** Say at once what must be known. */
export function alarm(text) {
	put($('alert'), text);
}

/** Call task each `seconds` while the element can be seen, never twice at
 * once. Returns { kick() to do it now, seen() whether it can }. */
export function poll(element, seconds, task) {
	let timer = 0, busy = false, again = false, near = false;
	const seen = () => near && !document.hidden && !element.hidden;

	async function run() {
		clearTimeout(timer);
		timer = 0;
		if (busy || !seen()) {
			again = busy;
			return;
		}
		busy = true;
		try {
			await task();
		} catch (error) {
			/* no answer: the stream says what is the matter */
			if (!('status' in error))
				reportError(error);
		}
		busy = false;
		if (seen())
			timer = setTimeout(run, again ? 0 : seconds * 1000);
		again = false;
	}
	new IntersectionObserver(entries => {
		near = entries[entries.length - 1].isIntersecting;
		if (!timer)
			run();
	}, { rootMargin: '200px' }).observe(element);
	document.addEventListener('visibilitychange', run);
	return { kick: run, seen };
}

/** A dialog with a title and what closes it, in the page. */
export function makeDialog(name, title, ...children) {
	const dialog = make('dialog', { id: `${name}-dialog`,
		'aria-labelledby': `${name}-title` },
	make('form', { method: 'dialog' }, make('h2',
		{ id: `${name}-title`, textContent: title }),
	make('button', { className: 'icon', 'aria-label': 'Close',
		textContent: '✕' })), ...children);

	document.body.append(dialog);
	return dialog;
}

/** Ask before something that costs. Resolves to whether it is wanted. */
export function confirmed(title, text, verb) {
	const dialog = $('confirm-dialog');

	put($('confirm-title'), title);
	put(dialog.querySelector('p'), text);
	put(dialog.querySelector('.main'), verb);
	dialog.returnValue = 'no';
	dialog.showModal();
	return new Promise(resolve => dialog.addEventListener('close',
		() => resolve(dialog.returnValue === 'yes'), { once: true }));
}
