import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Scanner;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.jms.*;
import org.apache.activemq.ActiveMQConnectionFactory;

/**
 * A hospital's system that knows JMS and docs/integrate/queue.md, and none of our code. Arguments: broker, user, password,
 * institution. Each line it reads is a command, tabs between: {@code ask|send form replyTo operation key ttlMs timestamp
 * secret body} or {@code take queue user}; it answers each with one line.
 */
public final class Peer {
    private static final Base64.Decoder IN = Base64.getDecoder();
    private static final Base64.Encoder OUT = Base64.getEncoder();

    private final Session session;
    private final TemporaryQueue own;
    private final String broker;
    private final String institution;

    private Peer(String[] given) throws JMSException {
        broker = given[0];
        institution = given[3];
        Connection connection = new ActiveMQConnectionFactory(given[1], given[2], broker).createConnection();
        connection.start();
        session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
        own = session.createTemporaryQueue();
    }

    public static void main(String[] given) throws Exception {
        Peer peer = new Peer(given);
        Scanner lines = new Scanner(System.in, StandardCharsets.UTF_8);
        System.out.println("ready");
        while (lines.hasNextLine()) {
            String[] words = lines.nextLine().split("\t", -1);
            System.out.println(words[0].equals("take") ? peer.take(words[1], words[2]) : peer.say(words));
        }
        System.exit(0);
    }

    private String say(String[] words) throws Exception {
        byte[] body = IN.decode(words[8]);
        Message message = words[1].equals("bytes") ? bytes(body) : session.createTextMessage(new String(body, StandardCharsets.UTF_8));
        String correlation = UUID.randomUUID().toString();
        message.setJMSCorrelationID(correlation);
        message.setStringProperty("YinyiOperation", words[3]);
        message.setStringProperty("YinyiInstitution", institution);
        if (!words[4].isEmpty()) message.setStringProperty("YinyiKey", words[4]);
        sign(message, words[3], words[4], words[6], words[7], body);
        Destination replyTo = words[2].isEmpty() ? own : session.createQueue(words[2]);
        if (words[0].equals("ask") || !words[2].isEmpty()) message.setJMSReplyTo(replyTo);
        MessageProducer producer = session.createProducer(session.createQueue("yinyi.hospital"));
        producer.setTimeToLive(Long.parseLong(words[5]));
        producer.send(message);
        producer.close();
        if (words[0].equals("send")) return "sent\t" + message.getJMSMessageID();
        MessageConsumer consumer = session.createConsumer(replyTo);
        String told = told(consumer.receive(20000), correlation);
        consumer.close();
        return told;
    }

    private Message bytes(byte[] body) throws JMSException {
        BytesMessage message = session.createBytesMessage();
        message.writeBytes(body);
        return message;
    }

    private void sign(Message message, String operation, String key, String timestamp, String secret, byte[] body) throws Exception {
        String nonce = UUID.randomUUID().toString();
        String path = "/queue/v1/" + operation + (key.isEmpty() ? "" : "?key=" + key);
        String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.US_ASCII), "HmacSHA256"));
        String text = String.join("\n", "SEND", path, timestamp, nonce, hash);
        message.setStringProperty("YinyiTimestamp", timestamp);
        message.setStringProperty("YinyiNonce", nonce);
        message.setStringProperty("YinyiSignature", HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.US_ASCII))));
    }

    /** What lies in a queue, as somebody else who may read it. */
    private String take(String queue, String user) throws JMSException {
        Connection connection = new ActiveMQConnectionFactory(user, user, broker).createConnection();
        try {
            connection.start();
            Session theirs = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
            return told(theirs.createConsumer(theirs.createQueue(queue)).receive(20000), null);
        } finally {
            connection.close();
        }
    }

    private static String told(Message message, String correlation) throws JMSException {
        if (message == null) return "nothing";
        String kind = message instanceof TextMessage ? "text" : "bytes";
        byte[] body;
        if (message instanceof TextMessage) {
            body = ((TextMessage) message).getText().getBytes(StandardCharsets.UTF_8);
        } else {
            body = new byte[(int) ((BytesMessage) message).getBodyLength()];
            ((BytesMessage) message).readBytes(body);
        }
        String[] names = {"YinyiOperation", "YinyiOutcome", "YinyiCode", "YinyiReason", "YinyiReplyTo"};
        StringBuilder line = new StringBuilder(kind);
        for (String name : names) line.append('\t').append(message.getStringProperty(name));
        boolean same = correlation == null || correlation.equals(message.getJMSCorrelationID());
        line.append('\t').append(same).append('\t').append(message.getJMSExpiration() > 0);
        return line.append('\t').append(OUT.encodeToString(body)).toString();
    }
}
