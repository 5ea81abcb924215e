/* SPDX-License-Identifier: MIT */
/* Headers of packets as the samples read them. */
#ifndef WEBBPF_SAMPLES_PACKET_H
#define WEBBPF_SAMPLES_PACKET_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_QINQ 0x88a8

#define PROTO_ICMP 1
#define PROTO_TCP 6
#define PROTO_UDP 17
#define PROTO_ICMP6 58

#define TC_OK 0
#define TC_DROP 2

struct eth_header {
	__u8 dst[6];
	__u8 src[6];
	__be16 type;
} __attribute__((packed));

struct vlan_header {
	__be16 tci;
	__be16 type;
} __attribute__((packed));

struct ipv4_header {
	__u8 version_ihl;
	__u8 tos;
	__be16 total_length;
	__be16 id;
	__be16 fragment;
	__u8 ttl;
	__u8 protocol;
	__be16 checksum;
	__be32 src;
	__be32 dst;
} __attribute__((packed));

struct ipv6_header {
	__be32 version_flow;
	__be16 payload_length;
	__u8 next_header;
	__u8 hop_limit;
	__u8 src[16];
	__u8 dst[16];
} __attribute__((packed));

struct tcp_header {
	__be16 src;
	__be16 dst;
	__be32 seq;
	__be32 ack;
	__u8 offset;
	__u8 flags;
	__be16 window;
	__be16 checksum;
	__be16 urgent;
} __attribute__((packed));

struct udp_header {
	__be16 src;
	__be16 dst;
	__be16 length;
	__be16 checksum;
} __attribute__((packed));

#endif
