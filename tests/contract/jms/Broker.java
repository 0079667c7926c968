import java.util.ArrayList;
import java.util.List;
import org.apache.activemq.broker.BrokerPlugin;
import org.apache.activemq.broker.BrokerService;
import org.apache.activemq.filter.DestinationMapEntry;
import org.apache.activemq.security.AuthenticationUser;
import org.apache.activemq.security.AuthorizationEntry;
import org.apache.activemq.security.AuthorizationPlugin;
import org.apache.activemq.security.DefaultAuthorizationMap;
import org.apache.activemq.security.SimpleAuthenticationPlugin;

/** ActiveMQ on loopback, nothing on disk: who may do what as docs/integrate/queue.md says. Arguments: ports of STOMP, JMS and, where it is wanted, STOMP within TLS. */
public final class Broker {
    public static void main(String[] ports) throws Exception {
        BrokerService broker = new BrokerService();
        broker.setBrokerName("tests");
        broker.setPersistent(false);
        broker.setUseJmx(false);
        broker.setUseShutdownHook(false);
        broker.setSchedulerSupport(false);
        broker.getSystemUsage().getMemoryUsage().setLimit(32L << 20);
        broker.addConnector("stomp://127.0.0.1:" + ports[0] + "?transport.tcpNoDelay=true&trace=false");
        broker.addConnector("tcp://127.0.0.1:" + ports[1]);
        if (ports.length > 2) broker.addConnector("stomp+ssl://127.0.0.1:" + ports[2] + "?transport.enabledProtocols=TLSv1.2,TLSv1.3");
        broker.setPlugins(new BrokerPlugin[] {users(), rights()});
        broker.start();
        System.out.println("ready");
        while (System.in.read() >= 0) {}
        System.exit(0);
    }

    private static SimpleAuthenticationPlugin users() {
        List<AuthenticationUser> users = new ArrayList<>();
        users.add(new AuthenticationUser("platform", "platform", "platforms,all"));
        users.add(new AuthenticationUser("his", "his", "institutions,all"));
        users.add(new AuthenticationUser("operator", "operator", "operators,all"));
        return new SimpleAuthenticationPlugin(users);
    }

    private static AuthorizationPlugin rights() throws Exception {
        List<DestinationMapEntry> entries = new ArrayList<>();
        entries.add(entry("queue", "yinyi.>", "platforms,operators", "platforms,institutions,operators", "platforms,operators"));
        entries.add(entry("queue", "yinyi.hospital.dead", "operators", "platforms", "platforms,operators"));
        entries.add(entry("queue", "his.>", "institutions,operators", "all", "all"));
        entries.add(entry("queue", "forbidden.>", "operators", "operators", "operators"));
        entries.add(entry("topic", "ActiveMQ.Advisory.>", "all", "all", "all"));
        DefaultAuthorizationMap map = new DefaultAuthorizationMap();
        map.setAuthorizationEntries(entries);
        return new AuthorizationPlugin(map);
    }

    private static AuthorizationEntry entry(String kind, String name, String read, String write, String admin) throws Exception {
        AuthorizationEntry entry = new AuthorizationEntry();
        if (kind.equals("queue")) entry.setQueue(name); else entry.setTopic(name);
        entry.setRead(read);
        entry.setWrite(write);
        entry.setAdmin(admin);
        return entry;
    }
}
