using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall;

/// <summary>BPF_F_RDONLY and BPF_F_WRONLY of map_flags, file_flags and open_flags.</summary>
internal static class OpenFlags
{
    /// <summary>What BPF_OBJ_FLAG_MASK allows.</summary>
    public const uint Mask = UapiFlags.BPF_F_RDONLY | UapiFlags.BPF_F_WRONLY;

    /// <summary>What the descriptor may be used for; null for both flags at once (EINVAL, bpf_get_file_flag).</summary>
    public static FdAccess? Access(uint flags) => (flags & Mask) switch
    {
        0 => FdAccess.ReadWrite,
        UapiFlags.BPF_F_RDONLY => FdAccess.Read,
        UapiFlags.BPF_F_WRONLY => FdAccess.Write,
        _ => null,
    };
}
