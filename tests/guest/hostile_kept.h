/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Plans that are run each time: those that once failed, as the failure told
 * them, and what few seeds come to.
 */
static const char *const hostile_kept[] = {
	/* A KeyUpdate in two records, data between them */
	"13-aes128gcm-v4 seed=1 seq=0 rcvbuf=0 read=later end=open message:22,1800 record:23,5,0 message:22,000100 key record:23,9,0",
	/* Padding and nothing else: no type */
	"13-aes128gcm-v4 seed=1 seq=0 rcvbuf=0 read=later end=open record:23,5,0 record:0,0,300 record:23,5,0",
	NULL
};
