// SPDX-License-Identifier: MIT
/*
 * A firewall: drops IPv4 packets to blocked TCP and UDP ports and senders that sent more than `burst` packets, remembers senders
 * in an LRU hash and reports every drop as an event in a ring buffer.
 */
#include "packet.h"

enum reason {
	REASON_PORT = 1,
	REASON_BURST = 2,
};

struct event {
	__be32 src;
	__be32 dst;
	__u16 port;
	__u8 protocol;
	__u8 reason;
	__u64 seen;
};

struct sender {
	__u64 packets;
	__u64 dropped;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __be32);
	__type(value, struct sender);
} senders SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u16);
	__type(value, __u8);
} blocked_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

const volatile __u64 burst = 1000;
__u64 dropped_total = 0;
__u64 passed_total = 0;

static __always_inline void report(struct ipv4_header *ip, __u16 port, __u8 reason, __u64 seen)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return;
	event->src = ip->src;
	event->dst = ip->dst;
	event->port = port;
	event->protocol = ip->protocol;
	event->reason = reason;
	event->seen = seen;
	bpf_ringbuf_submit(event, 0);
}

static __always_inline struct sender *find_sender(__be32 address)
{
	struct sender *sender = bpf_map_lookup_elem(&senders, &address);

	if (!sender) {
		struct sender fresh = {};

		bpf_map_update_elem(&senders, &address, &fresh, BPF_NOEXIST);
		sender = bpf_map_lookup_elem(&senders, &address);
	}
	return sender;
}

SEC("xdp")
int firewall(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct eth_header *eth = data;
	struct ipv4_header *ip = (void *)(eth + 1);
	struct sender *sender;
	__u8 reason = 0;
	__u16 port = 0;

	if ((void *)(ip + 1) > end || eth->type != bpf_htons(ETHERTYPE_IPV4))
		return XDP_PASS;

	if (ip->protocol == PROTO_TCP || ip->protocol == PROTO_UDP) {
		__u32 length = (ip->version_ihl & 0xf) * 4;
		struct udp_header *ports = (void *)ip + length;

		if (length >= sizeof(*ip) && (void *)(ports + 1) <= end) {
			port = bpf_ntohs(ports->dst);
			if (bpf_map_lookup_elem(&blocked_ports, &port))
				reason = REASON_PORT;
		}
	}

	sender = find_sender(ip->src);
	if (!sender)
		return XDP_ABORTED;
	__sync_fetch_and_add(&sender->packets, 1);
	if (!reason && sender->packets > burst)
		reason = REASON_BURST;

	if (reason) {
		__sync_fetch_and_add(&sender->dropped, 1);
		__sync_fetch_and_add(&dropped_total, 1);
		report(ip, port, reason, sender->packets);
		return XDP_DROP;
	}
	__sync_fetch_and_add(&passed_total, 1);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
