using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Programs that make system calls; the context is whatever the caller hands over. As bpf_syscall_verifier_ops in kernel/bpf/syscall.c, 6.18.</summary>
[BpfProgramType]
public sealed class SyscallType : ProgramTypeInfo
{
    // U16_MAX: the most a test run may hand over.
    private const int MaxContext = 65535;

    private static readonly HelperTable Helpers = new(
        SyscallHelpers.BtfFindByNameKind, SyscallHelpers.SysClose, SyscallHelpers.KallsymsLookupName,
        PerfEventOutputHelper.PerfEventOutput, PerfHelpers.GetStackid, PerfHelpers.GetStack, PerfHelpers.SkbOutput, PerfHelpers.XdpOutput,
        HelperVariants.SocketPointerCookie, HelperVariants.TracingStorageGet, HelperVariants.TracingStorageDelete, HelperVariants.TracingXdpBuffLen,
        SocketCastHelpers.SockFromFile, SocketCastHelpers.SkcToTcp6Sock, SocketCastHelpers.SkcToTcpSock, SocketCastHelpers.SkcToTcpTimewaitSock,
        SocketCastHelpers.SkcToTcpRequestSock, SocketCastHelpers.SkcToUdp6Sock, SocketCastHelpers.SkcToUnixSock, SocketCastHelpers.SkcToMptcpSock,
        LsmHelpers.DPath);

    public override ITestRunnable? TestRunner { get; } = new SyscallTestRun();

    public override BpfProgType Type => BpfProgType.Syscall;

    public override bool ConvertsContext => false;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program)
    {
        if (id == BpfFuncId.SysBpf)
            return program.PerfmonCapable ? SyscallHelpers.SysBpf : null;
        return Helpers.Find(id) ?? TracingHelpers.FindCommon(id, program);
    }

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access) => CtxRules.Fits(off, size, MaxContext);

    public override int ConvertAccess(bool write, Insn insn, Span<Insn> output, ProgramFacts program, out int targetSize)
    {
        targetSize = 0;
        return 0;
    }
}
