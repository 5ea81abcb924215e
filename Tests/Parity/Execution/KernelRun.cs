using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Linux;
using WebBpf.Tests.Corpus;
using WebBpf.Tests.Parity.Syscall;
using static WebBpf.Tests.Common.Execution.Asm;

namespace WebBpf.Tests.Parity.Execution;

/// <summary>A classifier on the machine's kernel whose body finds R1 at the first byte of a packet of known size.</summary>
internal sealed class KernelRun : IDisposable
{
    private readonly Caller _caller;
    private readonly UserBuffer _data;
    private readonly UserBuffer _out;
    private readonly long _fd;

    private KernelRun(Caller caller, long fd, int bytes)
    {
        _caller = caller;
        _fd = fd;
        _data = caller.Memory.Allocate(bytes);
        _out = caller.Memory.Allocate(bytes);
    }

    /// <summary>Loads <c>prologue, body, exit</c>; null where the kernel refuses it.</summary>
    public static KernelRun? Load(IReadOnlyList<Insn> body, int bytes)
    {
        // r2 = skb->data; r3 = skb->data_end; where fewer bytes are there: return -1
        Insn[] insns =
        [
            Ldx(Op.W, 2, 1, 76), Ldx(Op.W, 3, 1, 80), Mov(4, 2), AluI(Op.Add, 4, bytes), Jmp(Op.Jle, 4, 3, 2), MovI(0, -1), Exit, Mov(1, 2),
            .. body, Exit,
        ];
        var caller = new Caller(new LinuxKernel());
        long fd = caller.Call(
            BpfCommand.ProgLoad,
            ("prog_type", (ulong)BpfProgType.SchedCls),
            ("insn_cnt", (ulong)insns.Length),
            ("insns", caller.Memory.Copy(Insn.ToBytes(insns))),
            ("license", caller.Memory.Copy("GPL")));
        if (fd >= 0)
            return new KernelRun(caller, fd, bytes);
        caller.Dispose();
        return null;
    }

    /// <summary>Runs it over a packet, which is changed in place; returns the low half of R0.</summary>
    public uint Run(Span<byte> packet)
    {
        packet.CopyTo(_data.Span);
        var attr = new CallAttr(BpfCommand.ProgTestRun)
        {
            ["prog_fd"] = (ulong)_fd,
            ["data_in"] = _data.Address,
            ["data_out"] = _out.Address,
            ["data_size_in"] = (ulong)packet.Length,
            ["data_size_out"] = (ulong)packet.Length,
        };
        long result = _caller.Call(attr);
        if (result < 0)
            throw new InvalidOperationException($"test run: {Errno.Name(result)}");
        _out.Span[..packet.Length].CopyTo(packet);
        return (uint)attr["retval"];
    }

    public void Dispose() => _caller.Dispose();
}
