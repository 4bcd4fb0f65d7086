/*
 * Frames of a WebSocket client, as they would be received: what is taken lies
 * within what came, a frame is taken when its last byte is there and not
 * before, and any frame that is not refused fits into the buffer.
 */
#include <stdlib.h>

#include "dashboard/websocket.h"

/* The same without the last byte of the frame has to be "more". */
static void check_cut(const struct websocket_parser *before,
    const uint8_t *data, size_t size)
{
	struct websocket_parser parser = *before;
	struct websocket_frame frame;
	char *copy = malloc(size);

	if (!copy)
		return;
	memcpy(copy, data, size - 1);
	if (websocket_parse(&parser, copy, size - 1, &frame) !=
	    WEBSOCKET_MORE)
		abort();
	free(copy);
}

static void check_frame(const struct websocket_frame *frame,
    const char *data, size_t len)
{
	if (frame->size > len || frame->payload.data < data ||
	    frame->payload.data + frame->payload.len != data + frame->size)
		abort();
	if (frame->opcode >= WEBSOCKET_CLOSE &&
	    frame->payload.len > WEBSOCKET_CONTROL_MAX)
		abort();
	if (frame->opcode == WEBSOCKET_CLOSE &&
	    websocket_close_answer(frame->payload) < WEBSOCKET_NORMAL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct websocket_parser parser = { .in_message = false };
	struct websocket_frame frame;

	while (size) {
		struct websocket_parser before = parser;
		size_t len = size < WEBSOCKET_CLIENT_MAX ? size :
		    WEBSOCKET_CLIENT_MAX;
		char *copy = malloc(len);	/* exactly: ASan sees more */
		unsigned result;

		if (!copy)
			return 0;
		memcpy(copy, data, len);
		result = websocket_parse(&parser, copy, len, &frame);
		if (result == WEBSOCKET_MORE && len == WEBSOCKET_CLIENT_MAX)
			abort();
		if (result == WEBSOCKET_FRAME) {
			check_frame(&frame, copy, len);
			check_cut(&before, data, frame.size);
			data += frame.size;
			size -= frame.size;
		}
		free(copy);
		if (result != WEBSOCKET_FRAME)
			break;
	}
	return 0;
}
