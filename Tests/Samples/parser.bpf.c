// SPDX-License-Identifier: MIT
/*
 * Parses packets in loops and subprograms: stacked VLAN tags, IPv6 extension headers, TCP options; keeps a table of flows and
 * a histogram of what it saw.
 */
#include "packet.h"

#define MAX_TAGS 3
#define MAX_EXTENSIONS 4
#define MAX_OPTIONS 6

struct flow {
	__u8 src[16];
	__u8 dst[16];
	__be16 sport;
	__be16 dport;
	__u8 protocol;
	__u8 tags;
	__u8 extensions;
	__u8 options;
};

struct seen {
	__u64 packets;
	__u64 bytes;
	__u32 mss;
	__u32 hash;
};

struct cursor {
	void *at;
	void *end;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 512);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct flow);
	__type(value, struct seen);
} flows SEC(".maps");

__u64 sizes[16];
__u64 malformed;

static __noinline __u32 hash_bytes(const __u8 *bytes, __u32 length)
{
	__u32 hash = 2166136261u;

	for (__u32 i = 0; i < length && i < sizeof(struct flow); i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return hash;
}

static __noinline __u32 size_class(__u32 length)
{
	__u32 bits = 0;

	for (int i = 0; i < 15; i++) {
		if (!length)
			break;
		length >>= 1;
		bits++;
	}
	return bits;
}

static __always_inline int skip_tags(struct cursor *cursor, __be16 *type, struct flow *flow)
{
	for (int i = 0; i < MAX_TAGS; i++) {
		struct vlan_header *vlan = cursor->at;

		if (*type != bpf_htons(ETHERTYPE_VLAN) && *type != bpf_htons(ETHERTYPE_QINQ))
			return 0;
		if ((void *)(vlan + 1) > cursor->end)
			return -1;
		*type = vlan->type;
		cursor->at = vlan + 1;
		flow->tags++;
	}
	return 0;
}

static __always_inline int skip_extensions(struct cursor *cursor, __u8 *next, struct flow *flow)
{
	for (int i = 0; i < MAX_EXTENSIONS; i++) {
		__u8 *extension = cursor->at;
		__u32 length;

		/* Hop-by-hop, routing, destination options. */
		if (*next != 0 && *next != 43 && *next != 60)
			return 0;
		if ((void *)(extension + 8) > cursor->end)
			return -1;
		length = (extension[1] + 1) * 8;
		*next = extension[0];
		cursor->at += length;
		flow->extensions++;
	}
	return 0;
}

static __always_inline __u32 read_options(struct tcp_header *tcp, void *end, struct flow *flow)
{
	__u32 length = (tcp->offset >> 4) * 4;
	__u8 *option = (void *)(tcp + 1);
	__u32 at = sizeof(*tcp);
	__u32 mss = 0;

	for (int i = 0; i < MAX_OPTIONS; i++) {
		__u32 step = 1;

		if (at >= length || (void *)(option + 4) > end)
			break;
		if (option[0] == 0)
			break;
		if (option[0] != 1) {
			step = option[1];
			if (step < 2 || step > 40)
				break;
			if (option[0] == 2 && step == 4)
				mss = (option[2] << 8) | option[3];
			flow->options++;
		}
		option += step;
		at += step;
	}
	return mss;
}

static __noinline int remember(const struct flow *flow, __u32 bytes, __u32 mss)
{
	struct seen *seen;

	if (!flow)
		return -1;
	seen = bpf_map_lookup_elem(&flows, flow);
	if (seen) {
		__sync_fetch_and_add(&seen->packets, 1);
		__sync_fetch_and_add(&seen->bytes, bytes);
		return 0;
	} else {
		struct seen fresh = { .packets = 1, .bytes = bytes, .mss = mss };

		fresh.hash = hash_bytes((const __u8 *)flow, sizeof(*flow));
		return bpf_map_update_elem(&flows, flow, &fresh, BPF_ANY);
	}
}

SEC("xdp")
int parse(struct xdp_md *ctx)
{
	struct cursor cursor = { (void *)(long)ctx->data, (void *)(long)ctx->data_end };
	__u32 bytes = cursor.end - cursor.at;
	struct eth_header *eth = cursor.at;
	struct flow flow = {};
	__u32 mss = 0;
	__be16 type;

	sizes[size_class(bytes) & 15]++;
	if ((void *)(eth + 1) > cursor.end)
		goto bad;
	type = eth->type;
	cursor.at = eth + 1;
	if (skip_tags(&cursor, &type, &flow) < 0)
		goto bad;

	if (type == bpf_htons(ETHERTYPE_IPV4)) {
		struct ipv4_header *ip = cursor.at;
		__u32 length;

		if ((void *)(ip + 1) > cursor.end)
			goto bad;
		length = (ip->version_ihl & 0xf) * 4;
		if (length < sizeof(*ip))
			goto bad;
		__builtin_memcpy(flow.src + 12, &ip->src, 4);
		__builtin_memcpy(flow.dst + 12, &ip->dst, 4);
		flow.protocol = ip->protocol;
		cursor.at += length;
	} else if (type == bpf_htons(ETHERTYPE_IPV6)) {
		struct ipv6_header *ip = cursor.at;
		__u8 next;

		if ((void *)(ip + 1) > cursor.end)
			goto bad;
		__builtin_memcpy(flow.src, ip->src, 16);
		__builtin_memcpy(flow.dst, ip->dst, 16);
		next = ip->next_header;
		cursor.at = ip + 1;
		if (skip_extensions(&cursor, &next, &flow) < 0)
			goto bad;
		flow.protocol = next;
	} else {
		return XDP_PASS;
	}

	if (flow.protocol == PROTO_TCP) {
		struct tcp_header *tcp = cursor.at;

		if ((void *)(tcp + 1) > cursor.end)
			goto bad;
		flow.sport = tcp->src;
		flow.dport = tcp->dst;
		mss = read_options(tcp, cursor.end, &flow);
	} else if (flow.protocol == PROTO_UDP) {
		struct udp_header *udp = cursor.at;

		if ((void *)(udp + 1) > cursor.end)
			goto bad;
		flow.sport = udp->src;
		flow.dport = udp->dst;
	}
	remember(&flow, bytes, mss);
	return XDP_PASS;

bad:
	__sync_fetch_and_add(&malformed, 1);
	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
