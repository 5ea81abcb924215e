using System.Text;
using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall.Commands;

/// <summary>struct bpf_btf_info, as btf_get_info_by_fd in kernel/bpf/btf.c, 6.18.</summary>
internal static class BtfInfo
{
    public static int Fill(InfoRoom info, BtfObject btf)
    {
        info.Set(12, btf.Id);
        int copied = (int)Math.Min((uint)btf.Raw.Length, info.U32(8));
        if (!info.Memory.TryWrite(info.U64(0), btf.Raw.AsSpan(0, copied)))
            return -Errno.EFAULT;
        info.Set(8, (uint)btf.Raw.Length);
        info.Set(28, btf.IsKernel ? 1u : 0);
        return Name(info, btf.Name);
    }

    // A name that does not fit is cut, and the call says ENOSPC.
    private static int Name(InfoRoom info, string name)
    {
        ulong address = info.U64(16);
        uint room = info.U32(24);
        if ((address == 0) != (room == 0))
            return -Errno.EINVAL;
        byte[] text = [.. Encoding.UTF8.GetBytes(name), 0];
        info.Set(24, (uint)text.Length - 1);
        if (address == 0)
            return 0;
        if (room >= text.Length)
            return info.Memory.TryWrite(address, text) ? 0 : -Errno.EFAULT;
        text[room - 1] = 0;
        return info.Memory.TryWrite(address, text.AsSpan(0, (int)room)) ? -Errno.ENOSPC : -Errno.EFAULT;
    }
}
