namespace WebBpf.Kernel.Verifier.Structure;

/// <summary>
/// Lists the instructions of each function so that successors come before predecessors (loops aside): the order in which backward
/// analyses converge fast. As compute_postorder in kernel/bpf/verifier.c (6.18).
/// </summary>
public static class Postorder
{
    private const byte Discovered = 1;
    private const byte Explored = 2;

    public static int Run(VerifierEnv env)
    {
        int count = env.Insns.Length;
        var state = new byte[count];
        // An instruction with two successors leaves one more entry than it takes.
        var stack = new int[count + 1];
        var order = new int[count];
        int filled = 0;
        foreach (SubprogInfo subprog in env.Subprogs)
        {
            subprog.PostorderStart = filled;
            stack[0] = subprog.Start;
            int depth = 1;
            while (depth > 0)
            {
                int i = stack[depth - 1];
                state[i] |= Discovered;
                if ((state[i] & Explored) != 0)
                {
                    order[filled++] = i;
                    depth--;
                    continue;
                }

                (int next, int target) = Flow.Successors(env.Insns, i);
                if (next >= 0 && state[next] == 0)
                {
                    stack[depth++] = next;
                    state[next] |= Discovered;
                }

                if (target >= 0 && state[target] == 0)
                {
                    stack[depth++] = target;
                    state[target] |= Discovered;
                }

                state[i] |= Explored;
            }
        }

        env.Postorder = order[..filled];
        return 0;
    }
}
