using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall.Commands;

/// <summary>BPF_BTF_LOAD, as bpf_btf_load in kernel/bpf/syscall.c and btf_parse in kernel/bpf/btf.c, 6.18.</summary>
[BpfSyscall(BpfCommand.BtfLoad)]
internal sealed class BtfLoadCommand : SyscallCommand
{
    private const int Btf = 0;
    private const int LogBuf = 8;
    private const int BtfSize = 16;
    private const int LogSize = 20;
    private const int LogLevel = 24;
    private const int LogTrueSize = 28;
    private const int FlagsField = 32;
    private const int MaxSize = 16 << 20;

    public override long Execute(ref SyscallContext call)
    {
        uint flags = call.U32(FlagsField);
        if ((flags & ~UapiFlags.BPF_F_TOKEN_FD) != 0)
            return -Errno.EINVAL;
        if (flags != 0)
            return call.NotImplemented("BPF tokens");
        if (!call.Task.BpfCapable)
            return -Errno.EPERM;
        uint size = call.U32(BtfSize);
        if (size > MaxSize)
            return -Errno.E2BIG;
        var buffer = new LogBuffer(call.U32(LogLevel), call.U64(LogBuf), call.U32(LogSize));
        if (!buffer.IsValid)
            return -Errno.EINVAL;
        byte[] raw = new byte[size];
        var log = buffer.Open(call.Call.Observer);
        BtfObject? btf = null;
        int error = call.Memory.TryRead(call.U64(Btf), raw) ? BtfObject.TryParse(raw, log, out btf) : -Errno.EFAULT;
        int logError = buffer.Close(log, call.Memory, out uint trueSize);
        if (call.AttrSize >= LogTrueSize + 4)
            call.Put(LogTrueSize, trueSize);
        if (logError != 0)
            error = logError;
        if (error != 0)
        {
            btf?.Put();
            return error;
        }

        call.Kernel.Btfs.Publish(btf!);
        call.Kernel.Events.Raise("btf_load", ObjectKind.Btf, btf!.Id, btf.Name, call.Task);
        return call.Task.Fds.Install(btf);
    }
}
