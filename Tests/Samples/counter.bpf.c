// SPDX-License-Identifier: MIT
/* Counts packets and bytes per IP protocol, on every CPU for itself. Key 0 counts what is not IP. */
#include "packet.h"

struct counter {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct counter);
} protocols SEC(".maps");

SEC("xdp")
int count_protocols(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct eth_header *eth = data;
	__u32 protocol = 0;
	struct counter *counter;

	if ((void *)(eth + 1) > end)
		return XDP_DROP;
	if (eth->type == bpf_htons(ETHERTYPE_IPV4)) {
		struct ipv4_header *ip = (void *)(eth + 1);

		if ((void *)(ip + 1) <= end)
			protocol = ip->protocol;
	} else if (eth->type == bpf_htons(ETHERTYPE_IPV6)) {
		struct ipv6_header *ip = (void *)(eth + 1);

		if ((void *)(ip + 1) <= end)
			protocol = ip->next_header;
	}

	counter = bpf_map_lookup_elem(&protocols, &protocol);
	if (counter) {
		counter->packets++;
		counter->bytes += end - data;
	}
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
