// SPDX-License-Identifier: MIT
/* Programs of the three plain tracing kinds: they load now and get their hooks later. */
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} by_pid SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} samples SEC(".maps");

__u64 calls;

static __always_inline void count(void)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u64 one = 1;
	__u64 *value = bpf_map_lookup_elem(&by_pid, &pid);

	if (value)
		__sync_fetch_and_add(value, 1);
	else
		bpf_map_update_elem(&by_pid, &pid, &one, BPF_NOEXIST);
	__sync_fetch_and_add(&calls, 1);
}

SEC("raw_tp/sys_enter")
int on_sys_enter(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 id = ctx->args[1];

	count();
	return id == 321;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int on_openat(void *ctx)
{
	__u64 now = bpf_ktime_get_ns();

	count();
	bpf_perf_event_output(ctx, &samples, BPF_F_CURRENT_CPU, &now, sizeof(now));
	return 0;
}

SEC("kprobe/do_nanosleep")
int on_nanosleep(void *ctx)
{
	count();
	bpf_printk("nanosleep number %llu", calls);
	return 0;
}

char _license[] SEC("license") = "GPL";
