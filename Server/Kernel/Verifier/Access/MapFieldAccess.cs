using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Access;

/// <summary>Loads through map pointers: fields of the kernel's own struct of the map's type. As check_ptr_to_map_access in kernel/bpf/verifier.c (6.18).</summary>
internal static class MapFieldAccess
{
    public static int Check(Walker w, int insnIdx, int regno, int off, int size, bool write, int valueRegno)
    {
        if (w.Env.Request.Environment.VmlinuxBtf is not { } btf)
            return w.Env.Gap("fields of struct bpf_map without the kernel's types");
        BpfMap map = w.Regs[regno].Map!;
        string name = StructOf(map.Definition.Type);
        uint type = btf.Types.Find(name, BtfKind.Struct);
        if (type == 0)
            return w.Env.Gap($"fields of struct {name}, which the kernel's types here do not have");
        if (!w.Env.Request.Program.PerfmonCapable)
            return Refuse(w, $"'struct {name}' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN\n", Errno.EPERM);
        if (off < 0)
            return Refuse(w, $"R{regno} is {name} invalid negative access: off={off}\n", Errno.EACCES);
        if (write)
            return Refuse(w, $"only read from {name} is supported\n", Errno.EACCES);
        WalkResult found = new StructWalk(btf.Types, w.Log.Write).Access(type, off, size);
        if (found.Kind == WalkKind.Refused)
            return found.Error;
        w.Env.Aux[insnIdx].Flags |= InsnAuxFlags.ReadsMapFields;
        if (valueRegno < 0)
            return 0;
        if (found.Kind == WalkKind.Pointer)
            w.MarkKernelObject(ref w.Regs[valueRegno], btf, found);
        else
            w.MarkUnknown(ref w.Regs[valueRegno]);
        return 0;
    }

    // The struct that the operations of a map type name as their own (map_btf_id).
    private static string StructOf(BpfMapType type) => type switch
    {
        BpfMapType.Hash or BpfMapType.PercpuHash or BpfMapType.LruHash or BpfMapType.LruPercpuHash or BpfMapType.HashOfMaps => "bpf_htab",
        BpfMapType.Queue or BpfMapType.Stack => "bpf_queue_stack",
        BpfMapType.Ringbuf or BpfMapType.UserRingbuf => "bpf_ringbuf_map",
        _ => "bpf_array",
    };

    private static int Refuse(Walker w, string message, int errno)
    {
        w.Log.Write(message);
        return -errno;
    }
}
