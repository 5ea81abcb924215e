using System.Text;
using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Syscall.Commands;

/// <summary>
/// BPF_PROG_LOAD, in the order of bpf_prog_load in kernel/bpf/syscall.c, 6.18: flags, permission, length, capabilities of the type, attach
/// target, instructions, license, type, name; then bpf_check with the log's arguments, fd_array and the verifier.
/// </summary>
[BpfSyscall(BpfCommand.ProgLoad)]
internal sealed class ProgLoadCommand : SyscallCommand
{
    private const int ProgType = 0;
    private const int InsnCnt = 4;
    private const int Insns = 8;
    private const int LicenseField = 16;
    private const int LogLevel = 24;
    private const int LogSize = 28;
    private const int LogBuf = 32;
    private const int ProgFlags = 44;
    private const int ProgName = 48;
    private const int ProgIfindex = 64;
    private const int ExpectedAttachType = 68;
    private const int ProgBtfFd = 72;
    private const int FuncInfoRecSize = 76;
    private const int FuncInfo = 80;
    private const int FuncInfoCnt = 88;
    private const int LineInfoRecSize = 92;
    private const int LineInfo = 96;
    private const int LineInfoCnt = 104;
    private const int AttachBtfId = 108;
    private const int AttachProgFd = 112;
    private const int CoreReloCnt = 116;
    private const int FdArray = 120;
    private const int LogTrueSize = 140;
    private const int FdArrayCnt = 148;
    private const int Signature = 152;

    private const uint AllowedFlags = UapiFlags.BPF_F_STRICT_ALIGNMENT | UapiFlags.BPF_F_ANY_ALIGNMENT | UapiFlags.BPF_F_TEST_STATE_FREQ
        | UapiFlags.BPF_F_SLEEPABLE | UapiFlags.BPF_F_TEST_RND_HI32 | UapiFlags.BPF_F_XDP_HAS_FRAGS | UapiFlags.BPF_F_XDP_DEV_BOUND_ONLY
        | UapiFlags.BPF_F_TEST_REG_INVARIANTS | UapiFlags.BPF_F_TOKEN_FD;
    private const uint MaxInsns = 1_000_000;
    private const uint MaxInsnsUnprivileged = 4096;
    private const int LicenseSize = 128;
    private const int MaxFdArray = 1 << 16;
    private const ulong MaxRecordBytes = 64 << 20;

    public override long Execute(ref SyscallContext call)
    {
        var type = (BpfProgType)call.U32(ProgType);
        int error = CheckArguments(ref call, type, out BpfAttachType expected);
        if (error != 0)
            return error;
        uint count = call.U32(InsnCnt);
        byte[] code = new byte[count * Insn.Size];
        if (!call.Memory.TryRead(call.U64(Insns), code))
            return -Errno.EFAULT;
        int length = UserString.Read(call.Memory, call.U64(LicenseField), LicenseSize - 1, out byte[] license);
        if (length < 0)
            return length;
        if (call.U64(Signature) != 0)
            return call.NotImplemented("signed programs");
        if (call.U32(ProgIfindex) != 0)
            return call.NotImplemented("programs bound to a device");
        if (type is BpfProgType.Unspec or > BpfProgType.Netfilter)
            return -Errno.EINVAL;
        if (call.Name(ProgName, 16) is not { } name || !Log(ref call).IsValid)
            return -Errno.EINVAL;
        if (ProgramTypeRegistry.Find(type) is not { } info)
            return call.NotImplemented($"program type {UapiName.Of(type)}");
        string licenseText = Encoding.UTF8.GetString(license, 0, length);
        var facts = new ProgramFacts
        {
            Type = info,
            ExpectedAttachType = expected,
            Flags = call.U32(ProgFlags),
            Name = name,
            GplCompatible = License.IsGplCompatible(licenseText),
            AttachBtfId = call.U32(AttachBtfId),
            BpfCapable = call.Task.BpfCapable,
            PerfmonCapable = call.Task.PerfmonCapable,
            NetAdminCapable = call.Task.NetAdminCapable,
        };
        return Check(ref call, facts, Insn.FromBytes(code), licenseText);
    }

    private static LogBuffer Log(ref SyscallContext call) => new(call.U32(LogLevel), call.U64(LogBuf), call.U32(LogSize));

    private static int CheckArguments(ref SyscallContext call, BpfProgType type, out BpfAttachType expected)
    {
        expected = ProgramTypeRules.Fixup(type, (BpfAttachType)call.U32(ExpectedAttachType));
        uint flags = call.U32(ProgFlags);
        if ((flags & ~AllowedFlags) != 0)
            return -Errno.EINVAL;
        if ((flags & UapiFlags.BPF_F_TOKEN_FD) != 0)
            return (int)call.NotImplemented("BPF tokens");
        bool capable = call.Task.BpfCapable;
        if (call.Kernel.Options.UnprivilegedBpfDisabled && !capable)
            return -Errno.EPERM;
        uint count = call.U32(InsnCnt);
        if (count == 0 || count > (capable ? MaxInsns : MaxInsnsUnprivileged))
            return -Errno.E2BIG;
        int error = ProgramTypeRules.CheckCapabilities(type, call.Task);
        return error != 0 ? error : CheckTarget(ref call, type, expected);
    }

    private static int CheckTarget(ref SyscallContext call, BpfProgType type, BpfAttachType expected)
    {
        uint btfId = call.U32(AttachBtfId);
        bool hasBtf = false;
        bool hasProgram = false;
        int fd = call.S32(AttachProgFd);
        if (fd != 0)
        {
            if (call.GetProgram(fd, out _) is { } target)
            {
                hasProgram = true;
                target.Put();
            }
            else if (call.GetBtf(fd, out _) is { } btf)
            {
                hasBtf = btf.IsKernel;
                btf.Put();
                if (!hasBtf)
                    return -Errno.ENOTSUPP;
            }
            else
            {
                return -Errno.EINVAL;
            }
        }
        else if (btfId != 0)
        {
            if (call.Kernel.VmlinuxBtf is null)
                return -Errno.EINVAL;
            hasBtf = true;
        }

        return ProgramTypeRules.CheckAttach(type, expected, btfId, hasBtf, hasProgram);
    }

    // bpf_check: from here on there is a log.
    private static long Check(ref SyscallContext call, ProgramFacts facts, Insn[] insns, string license)
    {
        LogBuffer buffer = Log(ref call);
        VerifierLog log = buffer.Open(call.Call.Observer);
        using var environment = new LoadEnvironment(call.Kernel, call.Task.Fds);
        int error = Verify(ref call, facts, insns, license, environment, log, out BpfProgram? program, out string? gap);
        int logError = buffer.Close(log, call.Memory, out uint trueSize);
        if (logError != 0)
            error = logError;
        call.Put(LogTrueSize, trueSize);
        if (error == 0)
        {
            call.Kernel.Programs.Publish(program!);
            ProgramLoader.Announce(program!, call.Kernel, call.Task);
            return call.Task.Fds.Install(program!);
        }

        program?.Put();
        return gap is not null && logError == 0 ? -Errno.EOPNOTSUPP : error;
    }

    private static int Verify(
        ref SyscallContext call, ProgramFacts facts, Insn[] insns, string license, LoadEnvironment environment, VerifierLog log, out BpfProgram? program, out string? gap)
    {
        program = null;
        gap = null;
        var bound = new List<BpfMap>();
        BtfObject? btf = null;
        try
        {
            int error = ReadFdArray(ref call, insns, log, out int[]? fdArray);
            if (error == 0 && fdArray is not null)
                error = environment.BoundMaps(fdArray, call.U32(FdArrayCnt), bound);
            if (error != 0)
                return error;
            if (call.U32(FuncInfoCnt) != 0 || call.U32(LineInfoCnt) != 0)
            {
                btf = environment.GetBtf(call.S32(ProgBtfFd), out error);
                if (btf is null)
                    return error;
                if (btf.IsKernel)
                    return -Errno.EACCES;
            }

            var request = new ProgramRequest(facts, insns, license, environment)
            {
                Btf = btf,
                Source = new ProgramSource
                {
                    FuncInfo = Records(ref call, FuncInfo, FuncInfoCnt, FuncInfoRecSize),
                    FuncInfoRecSize = call.U32(FuncInfoRecSize),
                    LineInfo = Records(ref call, LineInfo, LineInfoCnt, LineInfoRecSize),
                    LineInfoRecSize = call.U32(LineInfoRecSize),
                    Capabilities = call.Task.Capabilities,
                },
                FuncInfoCount = call.U32(FuncInfoCnt),
                LineInfoCount = call.U32(LineInfoCnt),
                CoreRelocationCount = call.U32(CoreReloCnt),
                FdArray = fdArray,
                BoundMaps = bound,
                Uid = call.Task.Uid,
                Observer = call.Call.Observer,
                Cancellation = call.Call.Cancellation,
            };
            return ProgramLoader.Load(request, log, call.Kernel, out program, out gap);
        }
        finally
        {
            btf?.Put();
            foreach (BpfMap map in bound)
                map.Put();
        }
    }

    // With a count all of it, else as far as the instructions reach into it.
    private static int ReadFdArray(ref SyscallContext call, Insn[] insns, VerifierLog log, out int[]? fds)
    {
        fds = null;
        ulong address = call.U64(FdArray);
        uint count = call.U32(FdArrayCnt);
        if (count >= uint.MaxValue / 4)
        {
            log.Write($"fd_array_cnt is too big ({count})\n");
            return -Errno.EINVAL;
        }

        if (address == 0)
            return count == 0 ? 0 : -Errno.EFAULT;
        uint length = count;
        foreach (Insn insn in insns)
        {
            if (insn.IsLdImm64 && insn.Src is 5 or 6 && (uint)insn.Imm < MaxFdArray)
                length = Math.Max(length, (uint)insn.Imm + 1);
        }

        if (length > MaxFdArray)
            return -Errno.EFAULT;
        fds = new int[length];
        return call.Memory.TryRead(address, System.Runtime.InteropServices.MemoryMarshal.AsBytes(fds.AsSpan())) ? 0 : -Errno.EFAULT;
    }

    // Which records are sound is the verifier's to say; those that cannot be read are missing for it.
    private static byte[] Records(ref SyscallContext call, int pointer, int countField, int sizeField)
    {
        ulong bytes = (ulong)call.U32(countField) * call.U32(sizeField);
        if (bytes == 0 || bytes > MaxRecordBytes)
            return [];
        byte[] records = new byte[bytes];
        return call.Memory.TryRead(call.U64(pointer), records) ? records : [];
    }
}
