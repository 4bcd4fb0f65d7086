#ifndef RINGMASTER_BASE_CSV_H
#define RINGMASTER_BASE_CSV_H

#include "base/buf.h"

/*
 * Append `text` as a cell of a CSV file (RFC 4180), without the separator. A
 * cell that a spreadsheet would take for a formula (=, +, -, @, a tab or a
 * carriage return comes first) gets a ' in front and is text then.
 */
void csv_write_text(struct buf *out, struct slice text);

#endif
