/*
 * The classes of bytes. Read a row as the sixteen bytes from 0x00, 0x10, ...:
 * T not of a token, o odd in a token, u underscore, H of a host name,
 * x hexadecimal, U capital, D digit, P dot.
 */
#include "http/scan.h"

#define T SCAN_NOT_TOKEN
#define TH (SCAN_NOT_TOKEN | SCAN_HOST)
#define o SCAN_ODD
#define oHP (SCAN_ODD | SCAN_HOST | SCAN_DOT)
#define oH (SCAN_ODD | SCAN_HOST)
#define uH (SCAN_UNDERSCORE | SCAN_HOST)
#define H SCAN_HOST
#define Hx (SCAN_HOST | SCAN_HEX)
#define HxU (SCAN_HOST | SCAN_HEX | SCAN_UPPER)
#define HU (SCAN_HOST | SCAN_UPPER)
#define HxD (SCAN_HOST | SCAN_HEX | SCAN_DIGIT)

const uint8_t scan_class[256] = {
	T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T,
	T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T,
	T, oH, T, o, oH, o, oH, oH, TH, TH, oH, oH, TH, H, oHP, T,
	HxD, HxD, HxD, HxD, HxD, HxD, HxD, HxD, HxD, HxD, T, TH, T, TH, T, T,
	T, HxU, HxU, HxU, HxU, HxU, HxU, HU, HU, HU, HU, HU, HU, HU, HU, HU,
	HU, HU, HU, HU, HU, HU, HU, HU, HU, HU, HU, T, T, T, o, uH,
	o, Hx, Hx, Hx, Hx, Hx, Hx, H, H, H, H, H, H, H, H, H,
	H, H, H, H, H, H, H, H, H, H, H, T, o, T, oH, T,
	T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T,
	T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T,
	T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T,
	T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T,
	T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T,
	T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T,
	T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T,
	T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T,
};
