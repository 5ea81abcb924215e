// SPDX-License-Identifier: MIT
/*
 * A dispatcher: the first program looks at the packet's protocol and tail-calls the one that deals with it. Each handler leaves its mark
 * in an array. The table is filled when the object is loaded; entries may be replaced while it runs.
 */
#include "packet.h"

enum handler {
	HANDLE_TCP,
	HANDLE_UDP,
	HANDLE_ICMP,
	HANDLE_VLAN,
	HANDLERS,
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HANDLERS + 1);
	__type(key, __u32);
	__type(value, __u64);
} handled SEC(".maps");

int handle_tcp(struct xdp_md *ctx);
int handle_udp(struct xdp_md *ctx);
int handle_icmp(struct xdp_md *ctx);
int handle_vlan(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, HANDLERS);
	__uint(key_size, sizeof(__u32));
	__array(values, int(void *));
} handlers SEC(".maps") = {
	.values = {
		[HANDLE_TCP] = (void *)&handle_tcp,
		[HANDLE_UDP] = (void *)&handle_udp,
		[HANDLE_ICMP] = (void *)&handle_icmp,
		[HANDLE_VLAN] = (void *)&handle_vlan,
	},
};

static __always_inline void mark(__u32 handler)
{
	__u64 *value = bpf_map_lookup_elem(&handled, &handler);

	if (value)
		*value += 1;
}

SEC("xdp")
int handle_tcp(struct xdp_md *ctx)
{
	mark(HANDLE_TCP);
	return XDP_PASS;
}

SEC("xdp")
int handle_udp(struct xdp_md *ctx)
{
	mark(HANDLE_UDP);
	return XDP_TX;
}

SEC("xdp")
int handle_icmp(struct xdp_md *ctx)
{
	mark(HANDLE_ICMP);
	return XDP_DROP;
}

/* Takes the VLAN tag off and dispatches again. */
SEC("xdp")
int handle_vlan(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct eth_header *eth = data;
	struct eth_header copy;
	struct vlan_header *vlan = (void *)(eth + 1);

	mark(HANDLE_VLAN);
	if ((void *)(vlan + 1) > end)
		return XDP_DROP;
	copy = *eth;
	copy.type = vlan->type;
	if (bpf_xdp_adjust_head(ctx, sizeof(*vlan)))
		return XDP_ABORTED;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	eth = data;
	if ((void *)(eth + 1) > end)
		return XDP_ABORTED;
	*eth = copy;
	return XDP_PASS;
}

SEC("xdp")
int dispatch(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct eth_header *eth = data;
	struct ipv4_header *ip = (void *)(eth + 1);

	if ((void *)(eth + 1) > end)
		return XDP_DROP;
	if (eth->type == bpf_htons(ETHERTYPE_VLAN))
		bpf_tail_call(ctx, &handlers, HANDLE_VLAN);
	if (eth->type == bpf_htons(ETHERTYPE_IPV4) && (void *)(ip + 1) <= end) {
		switch (ip->protocol) {
		case PROTO_TCP:
			bpf_tail_call(ctx, &handlers, HANDLE_TCP);
			break;
		case PROTO_UDP:
			bpf_tail_call(ctx, &handlers, HANDLE_UDP);
			break;
		case PROTO_ICMP:
			bpf_tail_call(ctx, &handlers, HANDLE_ICMP);
			break;
		}
	}
	mark(HANDLERS);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
