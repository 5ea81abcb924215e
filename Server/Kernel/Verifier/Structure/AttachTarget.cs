using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Verifier.Structure;

/// <summary>What the kind of a program demands before it is walked, as check_attach_btf_id in kernel/bpf/verifier.c (6.18), for types without a target in BTF.</summary>
internal static class AttachTarget
{
    /// <summary>BPF_F_SLEEPABLE.</summary>
    private const uint Sleepable = 1u << 4;

    public static int Run(VerifierEnv env)
    {
        BpfProgType type = env.Request.Program.Type.Type;
        bool sleepable = (env.Request.Program.Flags & Sleepable) != 0;
        if (type == BpfProgType.Syscall)
            return sleepable ? 0 : Refuse(env, "Syscall programs can only be sleepable\n");
        if (sleepable && type is not (BpfProgType.Lsm or BpfProgType.Kprobe or BpfProgType.StructOps or BpfProgType.Tracing))
            return Refuse(env, "Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable\n");
        return 0;
    }

    private static int Refuse(VerifierEnv env, string message)
    {
        env.Log.Write(message);
        return -Errno.EINVAL;
    }
}
