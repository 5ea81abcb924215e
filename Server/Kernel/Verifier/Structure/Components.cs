namespace WebBpf.Kernel.Verifier.Structure;

/// <summary>
/// Numbers the loops: strongly connected components of the control flow, by Tarjan's algorithm without recursion. An instruction
/// on no loop has 0. As compute_scc in kernel/bpf/verifier.c (6.18).
/// </summary>
/// <remarks>R. Tarjan, Depth-first search and linear graph algorithms, 1972; the iterative form keeps the path in an array of its own.</remarks>
public static class Components
{
    private const int NotOnStack = int.MaxValue;

    public static int Run(VerifierEnv env)
    {
        int count = env.Insns.Length;
        // Order of discovery from 1 (0 = not yet); the earliest instruction on the stack that is reachable.
        var discovered = new int[count];
        var low = new int[count];
        var stack = new int[count];
        var path = new int[count];
        int order = 1, component = 1;
        for (int root = 0; root < count; root++)
        {
            if (discovered[root] != 0)
                continue;
            int depth = 1, height = 0;
            path[0] = root;
            while (depth > 0)
            {
                int i = path[depth - 1];
                if (discovered[i] == 0)
                {
                    low[i] = discovered[i] = order++;
                    stack[height++] = i;
                }

                (int next, int target) = Flow.Successors(env.Insns, i);
                int unseen = Look(next, i);
                if (unseen < 0)
                    unseen = Look(target, i);
                if (unseen >= 0)
                {
                    path[depth++] = unseen;
                    continue;
                }

                if (low[i] < discovered[i])
                {
                    depth--;
                    continue;
                }

                // i is the root of a component; alone it is a loop only if it jumps to itself (a call with a callback is none in the running kernel).
                bool loop = stack[height - 1] != i || next == i || target == i;
                int member;
                do
                {
                    member = stack[--height];
                    low[member] = NotOnStack;
                    if (loop)
                        env.Aux[member].Scc = component;
                }
                while (member != i);
                if (loop)
                    component++;
                depth--;
            }
        }

        env.SccCount = component;
        return 0;

        // The successor itself where it is new; else it may lower what i reaches.
        int Look(int successor, int i)
        {
            if (successor < 0)
                return -1;
            if (discovered[successor] == 0)
                return successor;
            low[i] = Math.Min(low[i], low[successor]);
            return -1;
        }
    }
}
