using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Verifier.Structure;

/// <summary>
/// Checks that every opcode exists, and puts addresses in place of map fds and indexes in 64-bit immediates. As resolve_pseudo_ldimm64
/// and add_used_map in kernel/bpf/verifier.c (6.18).
/// </summary>
public static class PseudoLoads
{
    private const int MaxUsedMaps = 64;
    private const uint MaxVarOff = 1 << 29;

    /// <summary>BPF_F_SLEEPABLE.</summary>
    private const uint SleepableFlag = 1 << 4;

    public static int Run(VerifierEnv env)
    {
        for (int i = 0; i < env.Insns.Length; i++)
        {
            Insn insn = env.Insns[i];
            if (insn.Class == Op.Ldx && (Op.Mode(insn.Code) is not (Op.Mem or Op.MemSx) || insn.Imm != 0))
            {
                env.Log.Write("BPF_LDX uses reserved fields\n");
                return -Errno.EINVAL;
            }

            if (insn.IsLdImm64)
            {
                int error = Resolve(env, i);
                if (error != 0)
                    return error;
                i++;
            }
            else if (!OpcodeTable.IsKnown(insn.Code))
            {
                env.Log.Write($"unknown opcode {insn.Code:x2}\n");
                return -Errno.EINVAL;
            }
        }

        return 0;
    }

    private static int Resolve(VerifierEnv env, int i)
    {
        Insn insn = env.Insns[i];
        if (i == env.Insns.Length - 1 || env.Insns[i + 1] is not { Code: 0, Regs: 0, Off: 0 })
        {
            env.Log.Write("invalid bpf_ld_imm64 insn\n");
            return -Errno.EINVAL;
        }

        Insn second = env.Insns[i + 1];
        switch (insn.Src)
        {
            case 0 or Op.PseudoFunc:
                return 0;
            case Op.PseudoBtfId:
                return env.Gap("loads of kernel variables (BPF_PSEUDO_BTF_ID)");
            case Op.PseudoMapValue or Op.PseudoMapIdxValue:
                break;
            case Op.PseudoMapFd or Op.PseudoMapIdx when second.Imm == 0:
                break;
            default:
                env.Log.Write("unrecognized bpf_ld_imm64 insn\n");
                return -Errno.EINVAL;
        }

        int fd = insn.Imm;
        if (insn.Src is Op.PseudoMapIdx or Op.PseudoMapIdxValue)
        {
            if (env.Request.FdArray is not int[] fds)
            {
                env.Log.Write("fd_idx without fd_array is invalid\n");
                return -Errno.EPROTO;
            }

            if ((uint)insn.Imm >= (uint)fds.Length)
                return -Errno.EFAULT;
            fd = fds[insn.Imm];
        }

        int index = AddMap(env, fd);
        if (index < 0)
            return index;
        BpfMap map = env.UsedMaps[index];
        env.Aux[i].MapIndex = index;
        ulong address = map.Address;
        if (insn.Src is Op.PseudoMapValue or Op.PseudoMapIdxValue)
        {
            int error = ValueAddress(env, map, (uint)second.Imm, out address);
            if (error != 0)
                return error;
            env.Aux[i].MapOffset = (uint)second.Imm;
        }

        env.Insns[i] = insn with { Imm = (int)(uint)address };
        env.Insns[i + 1] = second with { Imm = (int)(address >> 32) };
        return 0;
    }

    private static int ValueAddress(VerifierEnv env, BpfMap map, uint offset, out ulong address)
    {
        address = 0;
        if (offset >= MaxVarOff)
        {
            env.Log.Write($"direct value offset of {offset} is not allowed\n");
            return -Errno.EINVAL;
        }

        int error = map.DirectValueAddress(offset, out address);
        if (error == -Errno.ENOTSUPP && address == 0)
        {
            env.Log.Write("no direct value access support for this map type\n");
            return -Errno.EINVAL;
        }

        if (error != 0)
            env.Log.Write($"invalid access to map value pointer, value_size={map.ValueSize} off={offset}\n");
        return error;
    }

    /// <summary>The map's index among those the program uses, or a negative errno.</summary>
    private static int AddMap(VerifierEnv env, int fd)
    {
        BpfMap? map = env.Request.Environment.GetMap(fd, out int error);
        if (map is null)
        {
            env.Log.Write($"fd {fd} is not pointing to valid bpf_map\n");
            return error < 0 ? error : -error;
        }

        int index = env.UsedMaps.IndexOf(map);
        if (index >= 0)
        {
            map.Put();
            return index;
        }

        if (env.UsedMaps.Count >= MaxUsedMaps)
        {
            env.Log.Write($"The total number of maps per program has reached the limit of {MaxUsedMaps}\n");
            error = -Errno.E2BIG;
        }
        else
        {
            error = CheckMap(env, map);
        }

        if (error != 0)
        {
            map.Put();
            return error;
        }

        // The reference that came with the lookup passes to the env.
        env.UsedMaps.Add(map);
        return env.UsedMaps.Count - 1;
    }

    /// <summary>check_map_prog_compatibility.</summary>
    private static int CheckMap(VerifierEnv env, BpfMap map)
    {
        if (map.Type == BpfMapType.StructOps)
        {
            env.Log.Write("bpf_struct_ops map cannot be used in prog\n");
            return -Errno.EINVAL;
        }

        bool sleepable = (env.Request.Program.Flags & SleepableFlag) != 0;
        if (sleepable && !AllowsSleepable(map.Type))
        {
            env.Log.Write("Sleepable programs can only use array, hash, ringbuf and local storage maps\n");
            return -Errno.EINVAL;
        }

        return 0;
    }

    private static bool AllowsSleepable(BpfMapType type) => type is
        BpfMapType.Hash or BpfMapType.LruHash or BpfMapType.Array or BpfMapType.PercpuHash or BpfMapType.PercpuArray
        or BpfMapType.LruPercpuHash or BpfMapType.ArrayOfMaps or BpfMapType.HashOfMaps or BpfMapType.Ringbuf or BpfMapType.UserRingbuf
        or BpfMapType.InodeStorage or BpfMapType.SkStorage or BpfMapType.TaskStorage or BpfMapType.CgrpStorage
        or BpfMapType.Queue or BpfMapType.Stack or BpfMapType.Arena;
}
