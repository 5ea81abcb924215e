using System.Buffers.Binary;
using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Verifier.Structure;

/// <summary>
/// func_info and line_info: each record on its own first (<see cref="Early"/>, before functions are known), then against the functions
/// that were found (<see cref="Run"/>). As check_btf_info_early and check_btf_info in kernel/bpf/verifier.c (6.18).
/// </summary>
public static class DebugInfo
{
    private const uint FuncRecord = 8;
    private const uint LineRecord = 16;
    private const uint MaxRecord = 252;

    /// <summary>Reads func_info; its types must be functions.</summary>
    public static int Early(VerifierEnv env)
    {
        VerifierRequest request = env.Request;
        if (request.FuncInfoCount == 0 && request.LineInfoCount == 0)
            return 0;
        if (request.Btf is not BtfObject btf)
            return -Errno.EINVAL;
        if (btf.IsKernel)
            return -Errno.EACCES;
        if (request.FuncInfoCount == 0)
            return 0;
        uint size = request.FuncInfoRecSize;
        if (size is < FuncRecord or > MaxRecord || size % 4 != 0)
        {
            env.Log.Write($"invalid func info rec size {size}\n");
            return -Errno.EINVAL;
        }

        if ((ulong)request.FuncInfoCount * size > (ulong)request.FuncInfo.Length)
            return -Errno.EFAULT;
        var records = new FuncInfo[request.FuncInfoCount];
        for (int i = 0; i < records.Length; i++)
        {
            ReadOnlySpan<byte> record = request.FuncInfo.AsSpan(i * (int)size, (int)size);
            if (record[(int)FuncRecord..].ContainsAnyExcept((byte)0))
            {
                env.Log.Write("nonzero tailing record in func info");
                return -Errno.E2BIG;
            }

            records[i] = new FuncInfo(Word(record, 0), Word(record, 1));
            int error = CheckFunc(env, btf.Types, records, i);
            if (error != 0)
                return error;
        }

        env.FuncInfos = records;
        return 0;
    }

    /// <summary>Compares func_info with the functions and reads line_info.</summary>
    public static int Run(VerifierEnv env)
    {
        VerifierRequest request = env.Request;
        int error = request.FuncInfoCount == 0 ? CheckWithoutTypes(env) : CheckFuncs(env, request.Btf!.Types);
        if (error != 0 || (request.FuncInfoCount == 0 && request.LineInfoCount == 0))
            return error;
        if (request.LineInfoCount != 0)
            error = CheckLines(env, request.Btf!.Types);
        if (error == 0 && request.CoreRelocationCount != 0)
            error = env.Gap("CO-RE relocations by the kernel");
        return error;
    }

    private static int CheckFunc(VerifierEnv env, BtfTypes types, FuncInfo[] records, int i)
    {
        FuncInfo record = records[i];
        if (i == 0 && record.InsnOff != 0)
        {
            env.Log.Write($"nonzero insn_off {record.InsnOff} for the first func info record");
            return -Errno.EINVAL;
        }

        if (i > 0 && record.InsnOff <= records[i - 1].InsnOff)
        {
            env.Log.Write($"same or smaller insn offset ({record.InsnOff}) than previous func info record ({records[i - 1].InsnOff})");
            return -Errno.EINVAL;
        }

        if (types[record.TypeId].Kind != BtfKind.Func)
        {
            env.Log.Write($"invalid type id {(int)record.TypeId} in func info");
            return -Errno.EINVAL;
        }

        return 0;
    }

    /// <summary>Without types nobody knows that a function returns an int, as LD_ABS and tail calls need.</summary>
    private static int CheckWithoutTypes(VerifierEnv env)
    {
        foreach (SubprogInfo subprog in env.Subprogs.Skip(1))
        {
            string? what = subprog.HasLdAbs ? "LD_ABS" : subprog.HasTailCall ? "tail_call" : null;
            if (what is null)
                continue;
            env.Log.Write($"{what} is not allowed in subprogs without BTF\n");
            return -Errno.EINVAL;
        }

        return 0;
    }

    private static int CheckFuncs(VerifierEnv env, BtfTypes types)
    {
        if (env.FuncInfos.Length != env.Subprogs.Count)
        {
            env.Log.Write("number of funcs in func_info doesn't match number of subprogs\n");
            return -Errno.EINVAL;
        }

        for (int i = 0; i < env.Subprogs.Count; i++)
        {
            SubprogInfo subprog = env.Subprogs[i];
            if (subprog.Start != env.FuncInfos[i].InsnOff)
            {
                env.Log.Write("func_info BTF section doesn't match subprog layout in BPF program\n");
                return -Errno.EINVAL;
            }

            BtfType func = types[env.FuncInfos[i].TypeId];
            subprog.IsGlobal = func.Vlen == 1;
            BtfType result = types.SkipModifiers(types[func.Type].Type);
            bool scalar = result.Kind.IsEnum() || (result is { Kind: BtfKind.Int, IsRegularInt: true, IntBits: <= 64 });
            string? what = i == 0 || scalar ? null : subprog.HasLdAbs ? "LD_ABS" : subprog.HasTailCall ? "tail_call" : null;
            if (what is null)
                continue;
            env.Log.Write($"{what} is only allowed in functions that return 'int'.\n");
            return -Errno.EINVAL;
        }

        return 0;
    }

    private static int CheckLines(VerifierEnv env, BtfTypes types)
    {
        VerifierRequest request = env.Request;
        uint size = request.LineInfoRecSize;
        if (request.LineInfoCount > int.MaxValue / LineRecord || size is < LineRecord or > MaxRecord || size % 4 != 0)
            return -Errno.EINVAL;
        if ((ulong)request.LineInfoCount * size > (ulong)request.LineInfo.Length)
            return -Errno.EFAULT;
        var lines = new LineInfo[request.LineInfoCount];
        int subprog = 0;
        for (int i = 0; i < lines.Length; i++)
        {
            ReadOnlySpan<byte> record = request.LineInfo.AsSpan(i * (int)size, (int)size);
            if (record[(int)LineRecord..].ContainsAnyExcept((byte)0))
            {
                env.Log.Write("nonzero tailing record in line_info");
                return -Errno.E2BIG;
            }

            var line = new LineInfo(Word(record, 0), Word(record, 1), Word(record, 2), Word(record, 3));
            lines[i] = line;
            uint previous = i == 0 ? 0 : lines[i - 1].InsnOff;
            string? complaint = null;
            if ((i > 0 && line.InsnOff <= previous) || line.InsnOff >= (uint)env.Insns.Length)
                complaint = $"Invalid line_info[{i}].insn_off:{line.InsnOff} (prev_offset:{previous} prog->len:{env.Insns.Length})\n";
            else if (env.Insns[(int)line.InsnOff].Code == 0)
                complaint = $"Invalid insn code at line_info[{i}].insn_off\n";
            else if (!types.HasString(line.LineOff) || !types.HasString(line.FileNameOff))
                complaint = $"Invalid line_info[{i}].line_off or .file_name_off\n";
            else if (subprog < env.Subprogs.Count && line.InsnOff == env.Subprogs[subprog].Start)
                env.Subprogs[subprog++].LineInfoIdx = i;
            else if (subprog < env.Subprogs.Count && env.Subprogs[subprog].Start < line.InsnOff)
                complaint = $"missing bpf_line_info for func#{subprog}\n";
            if (complaint is null)
                continue;
            env.Log.Write(complaint);
            return -Errno.EINVAL;
        }

        if (subprog != env.Subprogs.Count)
        {
            env.Log.Write($"missing bpf_line_info for {env.Subprogs.Count - subprog} funcs starting from func#{subprog}\n");
            return -Errno.EINVAL;
        }

        env.LineInfos = lines;
        return 0;
    }

    private static uint Word(ReadOnlySpan<byte> record, int i) => BinaryPrimitives.ReadUInt32LittleEndian(record[(i * 4)..]);
}
